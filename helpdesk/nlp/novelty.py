"""How unlike a text is to everything learned from: three measures weighed together."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.logits import logsumexp

Doubles: TypeAlias = npt.NDArray[np.float64]

STRICTNESS = 0.1  # inverse of the penalty; 10 gave 0.986 on clinc150 validation, 0.1 0.989, no model 0.988.
FEWEST_STRANGERS = 10  # below, they cannot teach how much each measure is worth.


class StrangerModel:
    """Likeness to texts that are known to have no topic."""

    def fit(self, vectors: Vectors, strangers: Vectors) -> "StrangerModel":
        """Learn to tell `strangers` from `vectors`, each shape (n, d)."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see `artefacts`

        both = np.vstack([vectors, strangers])
        is_stranger = np.arange(len(both)) >= len(vectors)
        model = LogisticRegression(C=STRICTNESS, class_weight="balanced", max_iter=300).fit(both, is_stranger)
        self.weights_, self.offset_ = model.coef_[0].astype(np.float32), float(model.intercept_[0])
        return self

    def likeness(self, vectors: Vectors) -> Doubles:
        """Log odds, shape (n,)."""
        return np.asarray(vectors @ self.weights_ + self.offset_, dtype=np.float64)


def measures(logits: Doubles, cosines: npt.NDArray[np.floating], likeness: Doubles | None) -> Doubles:
    """Low energy (Liu and others 2020), far neighbours, likeness to strangers: shape (n, 2 or 3), high is strange.

    Args:
        logits: of the pool, shape (n, topics), not centred: the energy is how low they all lie.
        cosines: of the nearest past texts, shape (n, k).
        likeness: as the `StrangerModel` says, shape (n,).
    """
    columns = [-logsumexp(logits), -cosines.mean(axis=1, dtype=np.float64)]
    return np.column_stack(columns if likeness is None else [*columns, likeness])


class Novelty:
    """Weighs the measures, and says where the unknown begins.

    It learns from measures of texts that the voters did not learn from: those that they did are their
    own nearest neighbours and are voted for too surely.
    """

    def fit(self, known: Doubles, strange: Doubles | None, kept: float) -> "Novelty":
        """Let a share of `kept` of the known texts score below zero.

        With strangers the weights are a logistic regression's; without, each measure counts alike,
        in standard deviations. `known` and `strange` have shape (n, 2 or 3).
        """
        mean, scale = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
        weights = np.ones(known.shape[1])
        if strange is not None:
            from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

            both = (np.vstack([known, strange]) - mean) / scale
            is_stranger = np.arange(len(both)) >= len(known)
            weights = LogisticRegression(class_weight="balanced").fit(both, is_stranger).coef_[0]
        self.weights_ = np.asarray(weights / scale, dtype=np.float64)
        self.threshold_ = float(np.quantile(known @ self.weights_, kept))
        return self

    def scores(self, measured: Doubles) -> Doubles:
        """Shape (n,); above zero: stranger than all but a few known texts."""
        return np.asarray(measured @ self.weights_ - self.threshold_, dtype=np.float64)


def restored(kind: type, state: Mapping[str, Any]) -> Any:
    """A `Novelty` or `StrangerModel` with what it had learned."""
    made = kind()
    vars(made).update(state)
    return made
