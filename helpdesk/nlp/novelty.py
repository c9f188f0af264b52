"""How unlike a text is to everything learned from: three measures added as standard scores."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from helpdesk.nlp.encoder import Vectors

Doubles: TypeAlias = npt.NDArray[np.float64]

NEIGHBOURS = 5
BLOCK = 2048  # rows compared at once; bounds the matrix of cosines.


class Novelty:
    """Low energy of the logits (Liu and others 2020), far neighbours, and likeness to known strangers."""

    def fit(
        self, vectors: Vectors, labels: npt.NDArray[np.str_], logits: Doubles, unknown: Vectors | None
    ) -> "Novelty":
        """Learn what is usual from `vectors`, shape (n, d), and the classifier's logits for them."""
        self.vectors_ = np.asarray(vectors, dtype=np.float32)
        self.labels_ = labels
        self.stranger_: LogisticRegression | None = None
        if unknown is not None and len(unknown):
            both = np.vstack([vectors, unknown])
            is_unknown = np.arange(len(both)) >= len(vectors)
            self.stranger_ = LogisticRegression(C=10.0, class_weight="balanced", max_iter=300).fit(both, is_unknown)
        # A text is its own nearest neighbour, so one more is asked for and the first dropped.
        similarity = self._nearest(vectors, NEIGHBOURS + 1)[0][:, 1:].mean(axis=1)
        columns = self._columns(vectors, logits, similarity)
        self.mean_, self.scale_ = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-9)
        return self

    def scores(self, vectors: Vectors, logits: Doubles) -> Doubles:
        """The sum of the standard scores, shape (n,); higher is stranger."""
        similarity = self._nearest(vectors, NEIGHBOURS)[0].mean(axis=1)
        columns = self._columns(vectors, logits, similarity)
        return np.asarray(((columns - self.mean_) / self.scale_).sum(axis=1), dtype=np.float64)

    def neighbour_labels(self, vectors: Vectors) -> list[list[str]]:
        """The labels of each text's nearest learned texts, nearest first."""
        return [[str(self.labels_[at]) for at in row] for row in self._nearest(vectors, NEIGHBOURS)[1]]

    def state(self) -> dict[str, Any]:
        """What was learned, as arrays; vectors in half precision, which loses nothing here."""
        return {**vars(self), "vectors_": self.vectors_.astype(np.float16)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Novelty":
        novelty = cls()
        vars(novelty).update(state)
        novelty.vectors_ = np.asarray(state["vectors_"], dtype=np.float32)
        return novelty

    def _columns(self, vectors: Vectors, logits: Doubles, similarity: npt.NDArray[np.floating]) -> Doubles:
        columns = [-logsumexp(logits, axis=1), -similarity]
        if self.stranger_ is not None:
            columns.append(self.stranger_.decision_function(vectors))
        return np.column_stack(columns).astype(np.float64)

    def _nearest(self, vectors: Vectors, k: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """Cosines and places of the `k` nearest learned texts, each shape (n, k), nearest first."""
        k = min(k, len(self.vectors_))
        cosines, places = [], []
        for start in range(0, len(vectors), BLOCK):
            block = np.asarray(vectors[start : start + BLOCK] @ self.vectors_.T)
            some = np.argpartition(-block, k - 1, axis=1)[:, :k]
            values = np.take_along_axis(block, some, axis=1)
            order = np.argsort(-values, axis=1, kind="stable")
            cosines.append(np.take_along_axis(values, order, axis=1))
            places.append(np.take_along_axis(some, order, axis=1))
        return np.vstack(cosines), np.vstack(places).astype(np.int64)
