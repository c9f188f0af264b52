"""Finds what may answer a question among everything that is indexed, and says how sure it is."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from helpdesk.nlp.confidence import POSSIBLE, Confidence, Doubles
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.lexical import Hit, Keys, LexicalIndex
from helpdesk.nlp.ranking import Candidate, Ranker, matching_of
from helpdesk.nlp.vectors import VectorIndex

# An item is indexed in parts: its own text, and every wording that led to it. The index's key
# holds both, so that one suggestion is made of the best part.
PARTS = 4096
LEADS = PARTS // 2  # Parts from this one on are questions that the item answered.
DEPTH = 100  # candidates from each index; the right clause is among them in nine of ten questions.
HELPED = 0.8  # Cosine from which two questions ask much the same; a judgement, only for a reason's wording.
NEAREST = 10  # parts whose agreement is counted.
MAX_QUERY = 4000  # characters; the encoder reads about 1,000, words beyond these add only time.

Items = Mapping[str, Collection[int]]
"""Ids by kind."""


def key_of(item: int, part: int = 0) -> int:
    """The index key of one part of an item."""
    return item * PARTS + part


def item_of(key: int) -> int:
    """The id of the item that a key belongs to."""
    return key // PARTS


@dataclass(frozen=True)
class Shelf:
    """The two indexes of one kind of item, with the same keys in both."""

    kind: str
    lexical: LexicalIndex
    vectors: VectorIndex


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One item that may answer the question."""

    kind: str
    id: int
    score: float
    probability: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is worth showing, best first; nothing when nothing is likely to help."""

    items: tuple[Suggestion, ...]
    abstained: bool


class Suggester:
    """Encoder, indexes, ranker and confidence put together; it knows nothing of people."""

    def __init__(
        self,
        encoder: Encoder,
        shelves: Sequence[Shelf],
        ranker: Ranker,
        confidence: Confidence,
        *,
        depth: int = DEPTH,
    ) -> None:
        self.encoder = encoder
        self.shelves = tuple(shelves)
        self.ranker = ranker
        self.confidence = confidence
        self.depth = depth

    def suggest(
        self,
        query: str,
        *,
        limit: int = 8,
        possible: float = POSSIBLE,
        allowed: Mapping[str, Keys | None] | None = None,
        keep: Callable[[Items], Items] | None = None,
        cited: Items | None = None,
    ) -> Suggestions:
        """The best items whose probability reaches `possible`; see `rank` for the arguments."""
        ranked = self.rank(query, limit=limit, allowed=allowed, keep=keep, cited=cited)
        items = tuple(one for one in ranked if one.probability >= possible)
        return Suggestions(items, abstained=not items)

    def rank(
        self,
        query: str,
        *,
        limit: int = 8,
        vector: Vectors | None = None,
        allowed: Mapping[str, Keys | None] | None = None,
        keep: Callable[[Items], Items] | None = None,
        cited: Items | None = None,
    ) -> list[Suggestion]:
        """The `limit` best items for `query`, best first, however doubtful.

        Args:
            query: what the person wrote.
            limit: most suggestions to return.
            vector: the query's vector, if it is known already.
            allowed: index keys to search among, by kind; None means all of that kind. When given,
                kinds that are absent are not searched.
            keep: called once with all candidates by kind; returns those the reader may see.
            cited: items that the query names by citation; they come first.
        """
        query = query[:MAX_QUERY]
        if not query.strip():
            return []
        if vector is None:
            vector = self.encoder.encode([query])[0]
        found = self._candidates(query, vector, allowed, cited or {})
        found = _kept(found, keep)
        scores = self.ranker.scores(found)
        probabilities = self.confidence.probabilities(found)
        order = _merged(found, scores, probabilities)
        return [
            Suggestion(
                found[at].kind,
                found[at].id,
                float(scores[at]),
                float(probabilities[at]),
                self._reasons(query, found[at]),
            )
            for at in order[:limit]
        ]

    def candidates(self, query: str, vector: Vectors) -> list[Candidate]:
        """All candidates for `query` with their measures, unordered: for training."""
        return self._candidates(query[:MAX_QUERY], vector, None, {})

    def _candidates(
        self,
        query: str,
        vector: Vectors,
        allowed: Mapping[str, Keys | None] | None,
        cited: Items,
    ) -> list[Candidate]:
        found: list[Candidate] = []
        near: list[tuple[float, str, int]] = []
        for shelf in self.shelves:
            if allowed is not None and shelf.kind not in allowed:
                continue
            among = allowed[shelf.kind] if allowed is not None else None
            hits = shelf.vectors.search(vector, self.depth, among)
            worded = shelf.lexical.search(query, self.depth, among)
            named = [key_of(item) for item in cited.get(shelf.kind, ())]
            keys = np.array(sorted({*_keys(hits), *_keys(worded), *named}), dtype=np.int64)
            found.extend(_measured(shelf, query, vector, keys, set(named)))
            near.extend((hit.score, shelf.kind, item_of(hit.key)) for hit in hits[:NEAREST])
        near.sort(key=lambda one: -one[0])
        votes = Counter((kind, item) for _, kind, item in near[:NEAREST])
        return [
            replace(one, agreement=count / NEAREST) if (count := votes.get((one.kind, one.id))) else one
            for one in found
        ]

    def _reasons(self, query: str, candidate: Candidate) -> tuple[str, ...]:
        shelf = next(shelf for shelf in self.shelves if shelf.kind == candidate.kind)
        reasons = ["You named it."] if candidate.is_cited else []
        if shared := shelf.lexical.shared(query, candidate.key)[:4]:
            reasons.append("Shares the words " + ", ".join(f"“{word}”" for word in shared) + ".")
        if candidate.agreement >= 0.3:  # A third of the neighbours; one alone says nothing.
            count = round(candidate.agreement * NEAREST)
            reasons.append(f"{count} of the {NEAREST} nearest texts belong to it.")
        if candidate.lead >= HELPED:
            reasons.append("Helped others who asked much the same.")
        if candidate.cosine >= 0.7:  # A judgement, only for the wording of the reason.
            reasons.append("Says nearly the same.")
        elif candidate.cosine >= 0.5:  # A judgement too.
            reasons.append("Close in meaning.")
        return tuple(reasons)


def _keys(hits: Sequence[Hit]) -> list[int]:
    return [hit.key for hit in hits]


def _measured(shelf: Shelf, query: str, vector: Vectors, keys: Keys, named: Collection[int]) -> list[Candidate]:
    """One candidate for each item among `keys`, with the best of its parts' scores.

    The item's own text is measured too where only a question that it answered was found.
    """
    keys = np.union1d(keys, keys // PARTS * PARTS)
    ideal = max(shelf.lexical.ideal(query), 1e-9)
    words = shelf.lexical.scores(query, keys) / ideal
    cosines = shelf.vectors.scores(vector, keys)
    best: dict[int, Candidate] = {}
    for key, share, cosine in zip(keys.tolist(), words.tolist(), cosines.tolist(), strict=True):
        item = item_of(key)
        if key % PARTS < LEADS:
            one = Candidate(shelf.kind, item, key, share, cosine, is_cited=key in named)
        else:
            one = Candidate(shelf.kind, item, key_of(item), 0.0, 0.0, lead=cosine, lead_words=share)
        best[item] = _joined(best[item], one) if item in best else one
    return list(best.values())


def _joined(one: Candidate, other: Candidate) -> Candidate:
    nearer = max(one, other, key=lambda candidate: (candidate.words, candidate.cosine))
    return replace(
        nearer,
        words=max(one.words, other.words),
        cosine=max(one.cosine, other.cosine),
        is_cited=one.is_cited or other.is_cited,
        lead=max(one.lead, other.lead),
        lead_words=max(one.lead_words, other.lead_words),
    )


def _merged(found: list[Candidate], scores: Doubles, probabilities: Doubles) -> list[int]:
    """The places of `found`, best first: what is cited, then what is worded alike, then the others.

    These go by score within a way of matching, and between ways by probability.

    A probability counts for no more than those above it in its list, so that no list is reordered.
    """
    ranked = sorted(range(len(found)), key=lambda at: (-scores[at], found[at].kind, found[at].id))
    ceiling: dict[str, float] = {}
    worth: dict[int, float] = {}
    for at in ranked:
        if found[at].is_cited or found[at].is_same:
            worth[at] = 3.0 if found[at].is_cited else 2.0  # More than any probability.
            continue
        matching = matching_of(found[at].kind)
        worth[at] = ceiling[matching] = min(ceiling.get(matching, 1.0), float(probabilities[at]))
    return sorted(ranked, key=lambda at: -worth[at])


def _kept(found: list[Candidate], keep: Callable[[Items], Items] | None) -> list[Candidate]:
    if keep is None or not found:
        return found
    by_kind: dict[str, set[int]] = {}
    for one in found:
        by_kind.setdefault(one.kind, set()).add(one.id)
    kept = keep(by_kind)
    return [one for one in found if one.id in kept.get(one.kind, ())]
