"""The graph of texts that ask alike: each joined to its nearest by meaning and by words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors, unit

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Places: TypeAlias = npt.NDArray[np.int64]

# All numbers below were chosen with labels in view: see “Topics found without labels” in docs/measurements.md.
CANDIDATES = 50  # nearest by meaning, among which words choose
NEIGHBOURS = 20
NEAR = 0.4  # cosine of centred vectors; below it two texts have no more in common than the whole collection has
LOOSE = 0.45  # mean cosine of a text's two nearest, centred; below it the text is one of a kind
CROWDED = 10  # neighbours whose mean similarity says how crowded a place is
CROWDING = 0.25  # share of that mean, of each end, that is taken off
SHARPNESS = 0.2  # a similarity this much larger weighs e times as much
PRIOR = 100  # texts; the mean of few texts is their topic rather than their language
EXACT_UP_TO = 25_000  # texts; beyond, neighbours are looked for in the nearest cells only
# With these, 98.7% of the twenty nearest are found among 42,731 questions, in half the time that cells of 100 take.
CELL = 50  # texts on average
CELLS_SEEN = 24
ROUNDS = 4  # of k-means, from which the cells come
SAMPLED = 32  # texts a cell, for k-means
READ = 2_000  # characters; the encoder reads no further either
HASHED = 2**20  # columns for words and pairs of words
WORD = r"\w+|[?]"
CHUNK = 1_000  # rows compared at once, which bounds memory


def text_graph(texts: Sequence[str], vectors: Vectors) -> "csr_matrix":
    """Weights between texts, symmetric, float32, shape (n, n); rows without edges belong with no other.

    Args:
        texts: n different texts, at least two.
        vectors: unit length, float32, shape (n, d).
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - see `artefacts`

    places, meaning = _nearest(centred(vectors), min(CANDIDATES, len(vectors) - 1))
    is_loose = meaning[:, :2].mean(axis=1) < LOOSE
    weights = _uncrowded((meaning + _shared_words(texts, places)) / 2, places)
    best = np.argsort(-weights, axis=1, kind="stable")[:, :NEIGHBOURS]
    starts, ends = np.arange(len(vectors))[:, None], np.take_along_axis(places, best, axis=1)
    is_kept = (np.take_along_axis(meaning, best, axis=1) >= NEAR) & (ends >= 0)
    is_kept &= ~is_loose[starts] & ~is_loose[ends]
    strength = np.exp(np.take_along_axis(weights, best, axis=1)[is_kept] / SHARPNESS)
    joins = (np.broadcast_to(starts, ends.shape)[is_kept], ends[is_kept])
    graph = csr_matrix((strength, joins), shape=(len(vectors), len(vectors)))
    return graph.maximum(graph.T).tocsr()


def centred(vectors: Vectors) -> Vectors:
    """`vectors` without what all of them share (Mu and Viswanath 2018), again of unit length.

    The mean is drawn towards zero for few texts, because theirs is what they ask about.
    """
    return unit(vectors - vectors.sum(axis=0) / (len(vectors) + PRIOR))


def _nearest(vectors: Vectors, count: int) -> tuple[Places, Vectors]:
    """The rows nearest to each row but itself, best first, and their cosines, shape (n, count); -1 fills up."""
    index: Any = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors) > EXACT_UP_TO:
        cells = len(vectors) // CELL
        index = faiss.IndexIVFFlat(index, vectors.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
        index.nprobe, index.cp.niter, index.cp.max_points_per_centroid = CELLS_SEEN, ROUNDS, SAMPLED
        index.train(vectors)
    index.add(vectors)
    cosines, places = index.search(vectors, count + 1)
    # A row stands first in its own list unless another has the same vector; then whichever stands last goes.
    own = places == np.arange(len(vectors))[:, None]
    own[~own.any(axis=1), -1] = True
    return places[~own].reshape(-1, count), cosines[~own].reshape(-1, count)


def _shared_words(texts: Sequence[str], places: Places) -> Vectors:
    """Cosines, by TF-IDF of words and pairs of neighbouring words, of each text with those in its row of `places`.

    Function words are kept: “why was” and “how do I” are what tells two questions about one thing apart.
    """
    from sklearn.feature_extraction.text import (  # noqa: PLC0415 - see `artefacts`
        HashingVectorizer,
        TfidfTransformer,
    )

    hashed = HashingVectorizer(
        ngram_range=(1, 2), token_pattern=WORD, n_features=HASHED, alternate_sign=False, norm=None, dtype=np.float32
    )
    counts = hashed.transform(text[:READ].casefold() for text in texts)
    in_texts = np.bincount(counts.indices, minlength=HASHED)
    counts.data[in_texts[counts.indices] < 2] = 0  # What stands in one text joins it to no other.
    counts.eliminate_zeros()
    words = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    result = np.empty(places.shape, dtype=np.float32)
    for start in range(0, len(texts), CHUNK):
        some = places[start : start + CHUNK]
        own = np.repeat(np.arange(start, start + len(some)), places.shape[1])
        both = words[own].multiply(words[np.maximum(some.ravel(), 0)])
        result[start : start + CHUNK] = np.asarray(both.sum(axis=1)).reshape(some.shape)
    return result


def _uncrowded(alike: npt.NDArray[np.floating], places: Places) -> Vectors:
    """Similarities less a share of how crowded both ends are, so that no text is everyone's neighbour.

    The cross-domain similarity local scaling of Conneau and others (2018), at half its strength.
    """
    crowd = -np.sort(-alike, axis=1)[:, :CROWDED].mean(axis=1)
    return np.asarray(alike - CROWDING * (crowd[:, None] + crowd[places]), dtype=np.float32)
