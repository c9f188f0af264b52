"""Three ways to sort a text, each giving one number a topic: by its words, its meaning, its neighbours."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.words import STOP_WORDS

Doubles: TypeAlias = npt.NDArray[np.float64]
Singles: TypeAlias = npt.NDArray[np.float32]
Places: TypeAlias = npt.NDArray[np.int64]

BLOCK = 1024  # rows compared at once; bounds the matrix of cosines.
WIDTH = 0.03  # of the kernel, in cosine; 0.05 lost 0.4 points of banking77's training texts in folds.
FAINTEST = 1e-9  # density below which all texts are equally far.


class WordVoter:
    """One logistic regression a topic over TF-IDF of words, pairs of words and pieces of words.

    A joint one was no better in the average (0.927 and 0.977 of held-out banking77 and clinc150
    training texts) and took three times as long.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, texts: Sequence[str], places: Places) -> "WordVoter":
        """Learn from texts and the place of each one's topic, shape (n,), in 0 … topics - 1."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - see `artefacts`
        from sklearn.linear_model import SGDClassifier  # noqa: PLC0415

        self.words_ = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=30_000, dtype=np.float32)
        self.pieces_ = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=20_000, dtype=np.float32
        )
        from scipy import sparse  # noqa: PLC0415

        columns = sparse.hstack([self.words_.fit_transform(texts), self.pieces_.fit_transform(texts)]).tocsr()
        for vectorizer in (self.words_, self.pieces_):
            # Plain numbers, which skops writes as text; NumPy's would become a file each.
            vectorizer.vocabulary_ = {term: int(at) for term, at in vectorizer.vocabulary_.items()}
        model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=6, tol=None, random_state=self.seed)
        self.weights_, self.offsets_ = _rows(model.fit(columns, places))
        return self

    def votes(self, texts: Sequence[str]) -> Doubles:
        """Logits, shape (n, topics), each topic against all others."""
        from scipy import sparse  # noqa: PLC0415

        columns = sparse.hstack([self.words_.transform(texts), self.pieces_.transform(texts)]).tocsr()
        return np.asarray(columns @ self.weights_.T + self.offsets_, dtype=np.float64)

    def deciding(self, text: str, place: int, rival: int, most: int = 3) -> list[str]:
        """The words of `text` that speak for the topic at `place`, and more so than for the `rival`'s."""
        row = self.words_.transform([text])
        own = self.weights_[place, row.indices]
        gains = row.data * (own - self.weights_[rival, row.indices])
        names = self._names()
        useful = {
            names[at]: float(gain)
            for at, gain, weight in zip(row.indices, gains, own, strict=True)
            if gain > 0 and weight > 0 and not STOP_WORDS.issuperset(names[at].split())
        }
        return _without_repeats(sorted(useful, key=lambda word: (-useful[word], word)))[:most]

    def _names(self) -> list[str]:
        """The words by column; made once, since scikit-learn would make them anew each time."""
        if not hasattr(self, "_columns"):
            self._columns = sorted(self.words_.vocabulary_, key=self.words_.vocabulary_.__getitem__)
        return self._columns


class MeaningVoter:
    """A joint logistic regression over vectors."""

    def fit(self, vectors: Vectors, places: Places) -> "MeaningVoter":
        """Learn from vectors, shape (n, d), and the place of each one's topic, shape (n,)."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        self.weights_, self.offsets_ = _rows(LogisticRegression(C=30.0, max_iter=300).fit(vectors, places))
        return self

    def votes(self, vectors: Vectors) -> Doubles:
        """Logits, shape (n, topics)."""
        return np.asarray(vectors @ self.weights_.T + self.offsets_, dtype=np.float64)


class NeighbourVoter:
    """How densely each topic's texts lie around a text (a kernel density on the sphere), and which lie nearest."""

    def fit(self, vectors: Vectors, places: Places, names: int = 0) -> "NeighbourVoter":
        """Remember unit vectors, shape (n, d), and the place of each one's topic, shape (n,).

        The last `names` rows are topics' names: they add to the density but are no past texts.
        """
        order = np.argsort(places, kind="stable")
        # In half precision, as they are kept on disk, so that a loaded model says exactly the same.
        self.vectors_ = np.asarray(vectors[order], dtype=np.float16).astype(np.float32)
        self.places_ = places[order]
        self.is_name_ = order >= len(places) - names
        return self

    def look(self, vectors: Vectors, k: int) -> tuple[Doubles, Singles, Places]:
        """Votes, shape (n, topics): logarithms of densities, not normalised; cosine and topic of the `k` nearest."""
        k = min(k, int((~self.is_name_).sum()))
        starts = np.searchsorted(self.places_, np.arange(int(self.places_[-1]) + 1))
        votes, cosines, near = [np.empty((0, len(starts)))], [np.empty((0, k), dtype=np.float32)], []
        for at in range(0, len(vectors), BLOCK):
            alike = np.asarray(vectors[at : at + BLOCK], dtype=np.float32) @ self.vectors_.T
            kernel = np.exp((alike - 1) / WIDTH)
            votes.append(np.log(np.add.reduceat(kernel, starts, axis=1) + FAINTEST))
            alike[:, self.is_name_] = -np.inf
            some = np.argpartition(-alike, k - 1, axis=1)[:, :k]
            some = np.take_along_axis(some, np.argsort(-np.take_along_axis(alike, some, axis=1), axis=1), axis=1)
            cosines.append(np.take_along_axis(alike, some, axis=1))
            near.append(self.places_[some])
        return np.vstack(votes, dtype=np.float64), np.vstack(cosines), np.vstack([np.empty((0, k), np.int64), *near])


def _rows(model: Any) -> tuple[Singles, Singles]:
    """Weights, shape (topics, columns), and offsets, shape (topics,), in half precision as they are kept on disk."""
    weights, offsets = model.coef_, model.intercept_
    if len(weights) == 1:  # scikit-learn keeps one row for two topics: that of the second.
        weights, offsets = np.vstack([-weights, weights]) / 2, np.append(-offsets, offsets) / 2
    return np.asarray(weights, dtype=np.float16).astype(np.float32), np.asarray(offsets, dtype=np.float32)


def _without_repeats(ranked: list[str]) -> list[str]:
    """Drop what a better one already says: `card` after `card payment`."""
    kept: list[str] = []
    for word in ranked:
        if not any(set(word.split()) & set(other.split()) for other in kept):
            kept.append(word)
    return kept
