"""Finding texts by their words: BM25 over a sparse matrix of term weights, kept up to date."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.counts import Counts
from helpdesk.nlp.vocabulary import HashedVocabulary
from helpdesk.nlp.words import pairs, plain_words, terms

Keys: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]

# Chosen on the development questions of the obliqa rulebooks, never on its test questions.
K1 = 0.9
B = 0.75
TAIL = 500  # items; a tail is weighed anew after each change, so it is kept short.
TAIL_SHARE = 0.1  # of the whole; keeps the number of merges logarithmic while an index fills.
MOST = 255  # times that a term of one item is counted: a byte's worth, and more than weighs anything.
SHARES = np.float32(65_535)  # parts of the most that a term can weigh
MAX_QUERY_TERMS = 200  # different terms; more of a very long query adds time and little else.


@dataclass(frozen=True, slots=True)
class Hit:
    """One item found, and how well it matches by the index's own measure."""

    key: int
    score: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a query items say, and how much else; each float32, shape (n,)."""

    covered: Floats
    """Rarity of the query's terms that the item has, as a share of all of the query's."""
    density: Floats
    """The same as a share of the rarity of all the item's terms."""
    length: Floats
    """Terms of the item."""


class LexicalIndex(Protocol):
    """An index of texts by the words in them."""

    def put(self, keys: Sequence[int], texts: Sequence[str]) -> None:
        """Add items, or replace those whose key is known."""

    def remove(self, keys: Iterable[int]) -> None:
        """Forget items; unknown keys are ignored."""

    def search(self, text: str, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` items that match best, best first, among `allowed` keys if given."""

    def scores(self, text: str, keys: Keys) -> Floats:
        """The score of each of `keys`, shape (n,); zero where nothing matches or the key is new."""

    def shared(self, text: str, key: int) -> list[str]:
        """The words of `text` that the item has too, as written, the rarest first."""

    def overlap(self, text: str, keys: Keys) -> Overlap:
        """What `text` and each of `keys` have in common."""

    def ideal(self, text: str) -> float:
        """About the score of an item that says exactly `text`; zero for a text without words."""


class _Segment:
    """Some items as a matrix of counts, and what each count weighs.

    A weight takes two bytes: its share, in 65,535ths, of the most that its term can weigh. On 100,000 items that spares
    6 MB.
    """

    def __init__(self, keys: Keys, counts: Counts) -> None:
        self.keys = keys
        self.counts = counts
        self.shares = np.zeros(len(counts.values), dtype=np.uint16)
        self.most = np.zeros(counts.terms, dtype=np.float32)
        """Of each term: the most that it can weigh, divided by SHARES."""
        self.mass = self.lengths = np.zeros(len(keys), dtype=np.float32)
        """Of each item: the rarity of its different terms together, and how many terms it has."""
        self.alive = np.ones(len(keys), dtype=bool)
        self.summed: tuple[tuple[int, ...], Floats] = (), np.zeros(len(keys), dtype=np.float32)
        self.order = np.argsort(keys, kind="stable")

    def places(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Where each of `keys` stands in this segment; -1 for those that do not or no longer."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        found = np.searchsorted(self.keys, keys, sorter=self.order)
        places = self.order[np.minimum(found, len(self.keys) - 1)]
        return np.where((self.keys[places] == keys) & self.alive[places], places, -1)

    def bury(self, places: npt.NDArray[np.int64]) -> None:
        """Find the items at `places` no more."""
        if len(places):
            self.alive[places] = False
            self.summed = (), np.zeros(len(self.keys), dtype=np.float32)

    def weights(self, row: int) -> tuple[npt.NDArray[np.int32], Floats]:
        """The items that have a term, and what it weighs in each."""
        span = self.counts.span(row)
        most = self.most[row] if row < self.counts.terms else np.float32(0)
        return self.counts.items[span], self.shares[span] * most

    def totals(self, rows: Iterable[int]) -> Floats:
        """The sum of the given terms' weights for every item, shape (items,); the dead have zero."""
        rows = tuple(rows)
        if self.summed[0] == rows:  # candidates are looked for, and then measured
            return self.summed[1]
        total = np.zeros(len(self.keys), dtype=np.float32)
        for row in rows:
            items, weights = self.weights(row)
            total[items] += weights
        total[~self.alive] = 0
        self.summed = rows, total
        return total

    def rarity_of(self, rows: npt.NDArray[np.int64], rarity: Floats) -> Floats:
        """The rarity of those of the given terms that each item has, shape (items,)."""
        total = np.zeros(len(self.keys), dtype=np.float32)
        for row, value in zip(rows.tolist(), rarity.tolist(), strict=True):
            total[self.counts.items[self.counts.span(row)]] += value
        return total

    def total_at(self, rows: Iterable[int], place: int) -> float:
        """The sum of the given terms' weights for one item."""
        total = 0.0
        for row in rows:
            span = self.counts.span(row)
            items = self.counts.items[span]
            at = int(np.searchsorted(items, place))
            if at < len(items) and items[at] == place:
                total += float(self.shares[span][at] * self.most[row])
        return total

    def best(self, rows: Iterable[int], k: int, allowed: Keys | None) -> list[Hit]:
        total = self.totals(rows)
        if allowed is not None:
            places = self.places(np.unique(allowed))
            mask = np.zeros(len(total), dtype=bool)
            mask[places[places >= 0]] = True
            total = np.where(mask, total, np.float32(0))
        places = np.flatnonzero(total > 0)
        if 0 < k < len(places):
            least = np.partition(total[places], len(places) - k)[len(places) - k]
            places = places[total[places] >= least]  # with those that are equal to the last
        order = np.lexsort((self.keys[places], -total[places]))[:k]
        keys, scores = self.keys[places[order]].tolist(), total[places[order]].tolist()
        return [Hit(key, score) for key, score in zip(keys, scores, strict=True)]


class Bm25Index:
    """BM25 in memory: a large segment, and a small one with what came since the last merge."""

    def __init__(
        self,
        *,
        k1: float = K1,
        b: float = B,
        analyse: Callable[[str], list[str]] = terms,
        vocabulary: HashedVocabulary | None = None,
    ) -> None:
        self.k1 = k1
        self.b = b
        self._analyse = analyse
        self._vocabulary: dict[str, int] | HashedVocabulary = {} if vocabulary is None else vocabulary
        self._tail: dict[int, Counter[int]] = {}
        self._tail_segment: _Segment | None = None
        self._main = self._segment({}, 0)
        self._frequency: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._counted: tuple[_Segment, _Segment | None, int] | None = None
        self._asked: tuple[_Segment, _Segment | None, str, list[int], int] | None = None
        self._named: tuple[_Segment, str, int, dict[str, list[int]]] = self._main, "", 0, {}

    def __len__(self) -> int:
        return int(self._main.alive.sum()) + len(self._tail)

    def put(self, keys: Sequence[int], texts: Sequence[str]) -> None:
        """Add items, or replace those whose key is known."""
        self.remove(keys)
        for key, text in zip(keys, texts, strict=True):
            self._tail[key] = Counter(self._number(term) for term in self._analyse(text))
        if len(self._tail) > max(TAIL, TAIL_SHARE * len(self._main.keys)):
            self._merge()

    def remove(self, keys: Iterable[int]) -> None:
        """Forget items; unknown keys are ignored."""
        gone = np.fromiter(keys, dtype=np.int64)
        places = self._main.places(gone)
        self._main.bury(places[places >= 0])
        for key in gone.tolist():
            self._tail.pop(key, None)
        self._tail_segment = None

    def search(self, text: str, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` items that match best, best first; equal scores in the order of their keys."""
        rows = self._rows(text)
        hits = [hit for segment in self._segments() for hit in segment.best(rows, k, allowed)]
        hits.sort(key=lambda hit: (-hit.score, hit.key))
        return hits[:k]

    def scores(self, text: str, keys: Keys) -> Floats:
        """The score of each of `keys`, float32, shape (n,)."""
        rows = self._rows(text)
        result = np.zeros(len(keys), dtype=np.float32)
        for segment in self._segments():
            places = segment.places(keys)
            result[places >= 0] = segment.totals(rows)[places[places >= 0]]
        return result

    def overlap(self, text: str, keys: Keys) -> Overlap:
        """What `text` and each of `keys` have in common."""
        rows = np.array(self._rows(text), dtype=np.int64)
        rarity = _rarity(self._frequencies()[rows], len(self)).astype(np.float32)
        covered, mass, length = (np.zeros(len(keys), dtype=np.float32) for _ in range(3))
        for segment in self._segments():
            places = segment.places(keys)
            found = places >= 0
            covered[found] = segment.rarity_of(rows, rarity)[places[found]]
            mass[found], length[found] = segment.mass[places[found]], segment.lengths[places[found]]
        share = covered / np.float32(max(self.ideal(text), 1e-9))
        return Overlap(share, np.asarray(covered / np.maximum(mass, 1.0), dtype=np.float32), length)

    def shared(self, text: str, key: int) -> list[str]:
        """The words of `text` that the item has too, as written, the rarest first."""
        found: dict[str, float] = {}
        for segment in self._segments():
            (place,) = segment.places(np.array([key]))
            for word, rows in self._rows_of_words(text).items() if place >= 0 else ():
                if weight := segment.total_at(rows, int(place)):
                    found[word] = weight
        return sorted(found, key=lambda word: (-found[word], word))

    def ideal(self, text: str) -> float:
        """The score of an item of mean length that has every different term of `text` once."""
        known, strange = self._terms_of(text)
        rarity = _rarity(self._frequencies()[known], len(self)).sum()
        unknown = _rarity(np.zeros(strange), len(self)).sum()
        return float(rarity + unknown)

    def frequency(self, term: str) -> int:
        """How many items have `term`; the removed count until a merge."""
        self._segments()
        return int(self._frequencies()[self._vocabulary[term]]) if term in self._vocabulary else 0

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Keys, counts and terms as arrays: all that an index is made of. Words of removed items are not in it."""
        self._merge()
        self._forget_unused()
        counts, known = self._main.counts, self._vocabulary
        words = known.state() if isinstance(known, HashedVocabulary) else {"terms": _joined(known)}
        return {
            "keys": self._main.keys,
            "indptr": counts.starts,
            "indices": counts.items,
            "data": counts.values,
            **words,
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Hold what `state` says and nothing else."""
        if isinstance(self._vocabulary, HashedVocabulary):
            self._vocabulary.restore({name: state[name] for name in ("hashes", "numbers")})
        else:
            self._vocabulary = {term: number for number, term in enumerate(_split(state["terms"]))}
        counts = Counts(state["indptr"], state["indices"], state["data"], len(state["keys"]))
        self._tail, self._tail_segment, self._main = {}, None, _Segment(state["keys"], counts)
        self._weigh(self._main)

    def _forget_unused(self) -> None:
        """Number anew the terms that some item has; no others are remembered."""
        if isinstance(self._vocabulary, HashedVocabulary):  # knows no words
            return
        used = np.flatnonzero(self._main.counts.frequencies())
        if len(used) == len(self._vocabulary):
            return
        known = list(self._vocabulary)
        self._vocabulary = {known[row]: number for number, row in enumerate(used.tolist())}
        self._main = _Segment(self._main.keys, self._main.counts.of_terms(used))
        self._weigh(self._main)

    def _number(self, term: str) -> int:
        return self._vocabulary.setdefault(term, len(self._vocabulary))

    def _rows(self, text: str) -> list[int]:
        return self._terms_of(text)[0][:MAX_QUERY_TERMS]

    def _terms_of(self, text: str) -> tuple[list[int], int]:
        """The rows of the text's different terms, and how many more are in no item."""
        main, tail = self._segments()
        if self._asked is None or self._asked[:3] != (main, tail, text):  # one query asks many times
            terms_of = dict.fromkeys(self._analyse(text))
            rows = [self._vocabulary[term] for term in terms_of if term in self._vocabulary]
            self._asked = main, tail, text, rows, len(terms_of) - len(rows)
        return self._asked[3], self._asked[4]

    def _rows_of_words(self, text: str) -> dict[str, list[int]]:
        """The rows of each word of `text` as it is written."""
        known = self._vocabulary
        if self._named[:3] != (self._main, text, len(known)):  # one list of suggestions asks for each of its items
            of = {word: dict.fromkeys(self._analyse(word)) for word in plain_words(text)}
            rows = {word: [known[one] for one in some if one in known] for word, some in of.items()}
            self._named = self._main, text, len(known), rows
        return self._named[3]

    def _segments(self) -> tuple[_Segment, _Segment]:
        if self._tail_segment is None:
            # Most of the time nothing has come, and then it takes no row for each of a million terms.
            self._tail_segment = self._segment(self._tail, len(self._vocabulary) if self._tail else 0)
            self._weigh(self._tail_segment)
        return self._main, self._tail_segment

    def _segment(self, items: dict[int, Counter[int]], known: int) -> _Segment:
        """`items` and the terms that each has how often, as a segment that knows so many terms."""
        rows = np.fromiter((row for counts in items.values() for row in counts), dtype=np.int32)
        sizes = np.fromiter((len(counts) for counts in items.values()), dtype=np.int64, count=len(items))
        columns = np.repeat(np.arange(len(items), dtype=np.int32), sizes)
        values = np.fromiter((min(n, MOST) for counts in items.values() for n in counts.values()), dtype=np.uint8)
        counts = Counts.of(rows, columns, values, (known, len(items)))
        return _Segment(np.fromiter(items, dtype=np.int64), counts)

    def _merge(self) -> None:
        """Weigh everything anew as one segment, and drop what was removed."""
        if isinstance(self._vocabulary, HashedVocabulary):
            self._vocabulary.settle()
        fresh = self._segment(self._tail, len(self._vocabulary))
        counts = self._main.counts.of_items(self._main.alive).beside(fresh.counts)
        keys = np.concatenate([self._main.keys[self._main.alive], fresh.keys])
        self._tail = {}
        self._tail_segment = None
        self._main = _Segment(keys, counts)
        self._weigh(self._main)

    def _frequencies(self) -> npt.NDArray[np.int32]:
        """In how many items each term stands, shape (terms,); the removed count until a merge."""
        counted = (self._main, self._tail_segment, len(self._vocabulary))
        if self._counted != counted:  # a query asks several times; only a change makes it different
            frequency = np.zeros(len(self._vocabulary), dtype=np.int32)
            for segment in (self._main, self._tail_segment):
                if segment is not None:
                    frequency[: segment.counts.terms] += segment.counts.frequencies()
            self._counted, self._frequency = counted, frequency
        return self._frequency

    def _weigh(self, segment: _Segment) -> None:
        """Fill in the weights of Robertson and Zaragoza (2009), with Lucene's positive idf."""
        counts = segment.counts
        lengths = counts.lengths()
        mean = max(self._mean_length(segment), 1.0)
        rarity = _rarity(self._frequencies(), len(self)).astype(np.float32)[: counts.terms]
        rarities = np.repeat(rarity, counts.frequencies())
        norm = (self.k1 * (1 - self.b + self.b * lengths / mean)).astype(np.float32)
        segment.lengths = lengths
        segment.mass = np.bincount(counts.items, weights=rarities, minlength=len(lengths)).astype(np.float32)
        segment.most = rarity * np.float32((self.k1 + 1) / SHARES)
        segment.shares = np.rint(SHARES * (counts.values / (counts.values + norm[counts.items]))).astype(np.uint16)

    def _mean_length(self, segment: _Segment) -> float:
        whole = self._main if len(self._main.keys) else segment
        return float(whole.counts.values.sum(dtype=np.int64) / max(len(whole.keys), 1))


def pair_index() -> Bm25Index:
    """An index of pairs of words. Chosen on obliqa's development questions: a pair seldom stands twice."""
    return Bm25Index(k1=0.5, b=0.5, analyse=pairs, vocabulary=HashedVocabulary())


def _joined(known: Iterable[str]) -> npt.NDArray[np.uint8]:
    """Terms in the order of their numbers, as bytes: no term holds a line's end."""
    return np.frombuffer("\n".join(known).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def _split(joined: npt.NDArray[np.uint8]) -> list[str]:
    text = joined.tobytes().decode("utf-8", "surrogatepass")
    return text.split("\n") if text else []


def _rarity(frequency: npt.NDArray[np.generic], items: int) -> npt.NDArray[np.float64]:
    seen = np.minimum(frequency.astype(np.float64), items)
    return np.log1p((items - seen + 0.5) / (seen + 0.5))
