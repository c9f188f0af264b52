"""Groups texts that ask the same thing, without being told how many groups there are."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sknetwork.clustering import Leiden, get_modularity

from helpdesk.nlp.encoder import Vectors, unit
from helpdesk.nlp.words import plain_words

Labels: TypeAlias = npt.NDArray[np.int64]

NEIGHBOURS = 15
EXACT_UP_TO = 30_000  # texts; beyond, neighbours come from an HNSW graph.
RESOLUTIONS = (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24)
# The finest grouping that keeps this share of the best modularity is chosen. Chosen with labels in view: clinc150
# (whole, a fifth of it, and with topics of very unequal size), covid-q and banking77, where it comes near the
# best adjusted Rand index of each although their best resolutions lie between 2 and 24.
MODULARITY_KEPT = 0.96
SMALLEST = 3  # texts; two alone are no topic yet.
SAME = 0.3  # Jaccard overlap from which a new group carries on an old one.
TERMS = 6
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Description:
    """What tells a group from the others."""

    terms: tuple[str, ...]
    """Its most distinctive words, the strongest first."""
    samples: tuple[int, ...]
    """Rows of its most typical texts, no two of them equal."""


class TopicClusterer:
    """Communities (Leiden) of the graph that joins each text to its nearest neighbours."""

    def __init__(self, *, neighbours: int = NEIGHBOURS, seed: int = 0) -> None:
        self.neighbours = neighbours
        self.seed = seed

    def fit_predict(self, texts: Sequence[str], vectors: Vectors) -> Labels:
        """A group for each text, shape (n,), the largest 0; -1 where no group has three texts.

        Texts that are equal but for case and spaces are always together.
        """
        first_of: dict[str, int] = {}
        place_of = [first_of.setdefault(_folded(text), len(first_of)) for text in texts]
        firsts = np.unique(np.array(place_of, dtype=np.int64), return_index=True)[1]
        if len(firsts) == 0:
            return np.empty(0, dtype=np.int64)
        groups = self._communities(np.ascontiguousarray(vectors[firsts], dtype=np.float32))
        return _ordered(groups[place_of])

    def _communities(self, vectors: Vectors) -> Labels:
        if len(vectors) < SMALLEST:
            return np.zeros(len(vectors), dtype=np.int64)
        graph = _graph(vectors, min(self.neighbours, len(vectors) - 1))
        found = [self._leiden(graph, resolution) for resolution in RESOLUTIONS]
        worth = [float(get_modularity(graph, labels)) for labels in found]
        enough = MODULARITY_KEPT * max(worth)
        # The negative modularity of a graph without communities has no share to keep.
        good = [at for at, value in enumerate(worth) if value >= enough] or [0]
        self.resolution_ = RESOLUTIONS[good[-1]]
        return found[good[-1]]

    def _leiden(self, graph: sparse.csr_matrix, resolution: float) -> Labels:
        model = Leiden(resolution=resolution, random_state=self.seed, shuffle_nodes=False)
        return np.asarray(model.fit_predict(graph), dtype=np.int64)


def match(
    previous: Mapping[int, Collection[Hashable]], labels: Labels, items: Sequence[Hashable]
) -> dict[int, int | None]:
    """Which earlier group each new one carries on, if any.

    Groups are compared by the items that both runs saw, and paired so that the sum of their
    Jaccard overlaps is largest; pairs that overlap too little are not the same group.

    Args:
        previous: the items of each earlier group, by its lasting id.
        labels: the new group of each item, -1 for none.
        items: what was grouped, in the order of `labels`.
    """
    fresh: dict[int, set[Hashable]] = defaultdict(set)
    for label, item in zip(labels.tolist(), items, strict=True):
        if label >= 0:
            fresh[label].add(item)
    news, olds = sorted(fresh), sorted(previous)
    result: dict[int, int | None] = dict.fromkeys(news)
    if not news or not olds:
        return result
    seen_before = set().union(*previous.values())
    seen_now = set(items)
    overlap = np.zeros((len(news), len(olds)))
    for row, new in enumerate(news):
        for column, old in enumerate(olds):
            overlap[row, column] = _jaccard(fresh[new] & seen_before, set(previous[old]) & seen_now)
    for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
        if overlap[row, column] >= SAME:
            result[news[row]] = olds[column]
    return result


def describe(texts: Sequence[str], vectors: Vectors, labels: Labels) -> dict[int, Description]:
    """Terms and sample rows for every group in `labels`."""
    words = [_phrases(text) for text in texts]
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels.tolist()):
        if label >= 0:
            rows_of[label].append(row)
    everywhere = Counter(word for row in words for word in row)
    return {
        label: Description(
            terms=_distinctive(Counter(word for row in rows for word in words[row]), everywhere, len(rows_of)),
            samples=_typical(texts, vectors, rows),
        )
        for label, rows in sorted(rows_of.items())
    }


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _graph(vectors: Vectors, neighbours: int) -> sparse.csr_matrix:
    """Each text joined to its nearest ones, by cosine; symmetric."""
    index: Any = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors) > EXACT_UP_TO:
        index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    cosines, places = index.search(vectors, neighbours + 1)
    rows = np.repeat(np.arange(len(vectors)), neighbours + 1)
    weights = np.maximum(cosines.ravel(), 0.01)  # An edge of no weight would be no edge.
    kept = (places.ravel() >= 0) & (places.ravel() != rows)
    shape = (len(vectors), len(vectors))
    graph = sparse.csr_matrix((weights[kept], (rows[kept], places.ravel()[kept])), shape=shape)
    return graph.maximum(graph.T)


def _ordered(groups: Labels) -> Labels:
    """Numbered by falling size, then by first text; those too small become -1."""
    names, firsts, sizes = np.unique(groups, return_index=True, return_counts=True)
    order = np.lexsort((firsts, -sizes))
    numbers = np.full(len(names), -1, dtype=np.int64)
    large = [at for at in order if sizes[at] >= SMALLEST]
    numbers[large] = np.arange(len(large))
    return np.asarray(numbers[np.searchsorted(names, groups)], dtype=np.int64)


def _jaccard(one: Collection[Hashable], other: Collection[Hashable]) -> float:
    both = len(set(one) & set(other))
    return both / max(len(one) + len(other) - both, 1)


def _phrases(text: str) -> set[str]:
    words = plain_words(text)
    pairs = (f"{first} {second}" for first, second in pairwise(words))
    return {word for word in (*words, *pairs) if len(word) > 1}


def _distinctive(here: Counter[str], everywhere: Counter[str], groups: int) -> tuple[str, ...]:
    """Frequent here, rare elsewhere: the class-based TF-IDF of Grootendorst (2022)."""
    mean = sum(everywhere.values()) / max(groups, 1)
    strength = {word: count * np.log1p(mean / everywhere[word]) for word, count in here.items() if count > 1}
    chosen: list[str] = []
    for word in sorted(strength, key=lambda word: (-strength[word], word)):
        if not any(set(word.split()) & set(other.split()) for other in chosen):
            chosen.append(word)
        if len(chosen) == TERMS:
            break
    return tuple(chosen)


def _typical(texts: Sequence[str], vectors: Vectors, rows: Sequence[int]) -> tuple[int, ...]:
    centre = unit(vectors[rows].mean(axis=0, keepdims=True))[0]
    nearest = sorted(rows, key=lambda row: (-float(vectors[row] @ centre), row))
    different = {_folded(texts[row]): row for row in reversed(nearest)}
    return tuple(sorted(different.values(), key=nearest.index))[:SAMPLES]
