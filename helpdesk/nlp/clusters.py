"""Groups texts that ask the same thing, without being told how many groups there are."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors, unit
from helpdesk.nlp.topic_graph import text_graph
from helpdesk.nlp.words import plain_words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Labels: TypeAlias = npt.NDArray[np.int64]

# The modularity of Reichardt and Bornholdt (2006) sets what joins there are against this many times those of chance.
# Chosen with labels in view: see “Topics found without labels” in docs/measurements.md. Where a few texts all know
# each other, chance gives so much that even alike ones would part: there the resolution is the number of texts
# divided by twice their mean number of joins.
RESOLUTION = 6.0
TRIES = 6  # orders in which the texts are moved; the best modularity is kept
SMALLEST = 3  # texts; two alone are no topic yet.
SAME = 0.3  # Jaccard overlap from which a new group carries on an old one.
TERMS = 6
SAMPLES = 5
ROUNDING = 1e-5  # of a product of two float32 vectors of unit length


@dataclass(frozen=True, slots=True)
class Description:
    """What tells a group from the others."""

    terms: tuple[str, ...]
    """Its most distinctive words, the strongest first."""
    samples: tuple[int, ...]
    """Rows of its most typical texts, no two of them equal."""


class TopicClusterer:
    """Communities of the graph of texts that ask alike, by the method of Louvain (Blondel and others 2008).

    scikit-network's Leiden finds no better ones here, and draws from C's `rand`, which no seed reaches.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit_predict(self, texts: Sequence[str], vectors: Vectors) -> Labels:
        """A group for each text, int64, shape (n,), the largest 0; -1 where no group has three texts.

        Texts that are equal but for case and spaces are always together.

        Args:
            texts: n texts.
            vectors: of unit length, float32, shape (n, d).

        Raises:
            ValueError: a vector holds something that is no number, or there are not as many as texts.
        """
        if len(texts) != len(vectors):
            raise ValueError(f"{len(texts)} texts and {len(vectors)} vectors cannot be grouped.")
        if not np.isfinite(vectors).all():
            raise ValueError("Some vectors hold values that are no numbers; the encoder may be damaged.")
        first_of: dict[str, int] = {}
        place_of = [first_of.setdefault(_folded(text), len(first_of)) for text in texts]
        firsts = np.unique(np.array(place_of, dtype=np.int64), return_index=True)[1]
        if len(firsts) == 0:
            return np.empty(0, dtype=np.int64)
        groups = self._communities([texts[row] for row in firsts], np.asarray(vectors, dtype=np.float32)[firsts])
        return _ordered(groups[place_of])

    def _communities(self, texts: Sequence[str], vectors: Vectors) -> Labels:
        from sknetwork.clustering import get_modularity  # noqa: PLC0415 - see `artefacts`

        alone = np.arange(len(texts), dtype=np.int64)
        if len(texts) == 1:
            return alone
        graph = text_graph(texts, vectors)
        if graph.nnz == 0:
            return alone
        joined = np.flatnonzero(np.diff(graph.indptr))
        graph = graph[joined][:, joined]
        resolution = min(RESOLUTION, len(joined) ** 2 / (2 * graph.nnz))
        tries = [self._louvain(graph, resolution, self.seed + number) for number in range(TRIES)]
        best = max(tries, key=lambda labels: float(get_modularity(graph, labels, resolution=resolution)))
        groups = alone + len(joined)  # Names that no community has.
        groups[joined] = best
        return groups

    def _louvain(self, graph: "csr_matrix", resolution: float, seed: int) -> Labels:
        from sknetwork.clustering import Louvain  # noqa: PLC0415 - see `artefacts`

        model = Louvain(resolution=resolution, random_state=seed, shuffle_nodes=True)
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
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - see `artefacts`

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


def join(groups: Mapping[int, Vectors], vectors: Vectors) -> Labels:
    """The group for each of `vectors` that came later, int64, shape (n,); -1 where none is near enough.

    It is the one whose centre is nearest, if it is no farther from it than the farthest of its members.

    Args:
        groups: the vectors of the members of each, float32, shape (members, d).
        vectors: of unit length, float32, shape (n, d).
    """
    if not groups or not len(vectors):
        return np.full(len(vectors), -1, dtype=np.int64)
    centres = unit(np.stack([own.mean(axis=0) for own in groups.values()]))
    reach = np.array([(own @ centre).min() for own, centre in zip(groups.values(), centres, strict=True)])
    cosines = vectors @ centres.T
    nearest = cosines.argmax(axis=1)
    labels = np.array(list(groups), dtype=np.int64)[nearest]
    # A text equal to the farthest member joins, though its product with the centre is rounded another way.
    return np.where(cosines.max(axis=1) >= reach[nearest] - ROUNDING, labels, -1)


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
