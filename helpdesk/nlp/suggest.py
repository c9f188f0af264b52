"""Finds what may answer a question among everything that is indexed, and says how sure it is."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.lexical import Floats, Hit, Keys, LexicalIndex
from helpdesk.nlp.merging import merged
from helpdesk.nlp.ranking import MATCHINGS, NEAREST_PARTS, Candidate, Ranker, matching_of
from helpdesk.nlp.vectors import VectorIndex
from helpdesk.nlp.words import terms

# An item is indexed in parts: its own text, and every wording that led to it. The index's key
# holds both, so that one suggestion is made of the best part.
PARTS = 4096
LEADS = PARTS // 2  # Parts from this one on are questions that the item answered.
LEAD_DEPTH = 50  # questions answered before that are looked at, from each index.
DEPTH = 100  # candidates from each index; the right clause is among them in nine of ten questions.
HELPED = 0.8  # Cosine from which two questions ask much the same; a judgement, only for a reason's wording.
RECENT = 30  # days since an item was asked, within which that is a reason; a judgement, only for its wording
LOOKED_AT = 3  # suggestions that whoever reads a list looks at.
SHARE_OF_BEST = 0.1  # of the best suggestion's probability, from which the others of the first three are shown
NEAREST = 10  # parts whose agreement is counted.
# Crowding is measured between so many of the nearest parts: each of the first with those nearest to it.
CROWD, CROWD_FIRST, CROWD_NEAREST = 20, 5, 3
ADDRESSED_KINDS = frozenset({"answer", "article"})  # what staff may write for chosen categories of Party
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
class Leads:
    """The indexes of the questions that items of one kind answered; the keys are those items' parts from LEADS on."""

    lexical: LexicalIndex
    vectors: VectorIndex
    counts: Mapping[int, int]
    """How many there are of each item."""


@dataclass(frozen=True)
class Shelf:
    """The two indexes of one kind of item, with the same keys in both; of passages also their pairs of words."""

    kind: str
    lexical: LexicalIndex
    vectors: VectorIndex
    pairs: LexicalIndex | None = None
    leads: Leads | None = None
    groups: Mapping[int, int] = field(default_factory=dict)
    """The document that an item belongs to, by number."""
    days: Mapping[int, int] = field(default_factory=dict)
    """Of FADING_KINDS: the day on which an item was asked, as `date.toordinal` numbers them."""
    votes: Mapping[int, int] = field(default_factory=dict)
    """Of questions: the votes of each item that has any."""
    written_for: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Of ADDRESSED_KINDS: the categories of Party for which staff wrote an item, of each that is not for all."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One item that may answer the question."""

    kind: str
    id: int
    score: float
    probability: float
    reasons: tuple[str, ...]


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

    def rank(
        self,
        query: str,
        *,
        limit: int = 8,
        vector: Vectors | None = None,
        allowed: Mapping[str, Keys | None] | None = None,
        keep: Callable[[Items], Items] | None = None,
        cited: Items | None = None,
        widened: str = "",
        on: date | None = None,
        categories: Collection[str] = (),
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
            widened: the query with other forms of its terms, to find words by; the query itself by default.
            on: the day of asking; without it neither age nor votes count.
            categories: of the Party that asks; what staff wrote for one of them comes a little sooner.
        """
        query, widened = query[:MAX_QUERY], (widened or query)[:MAX_QUERY]
        if not query.strip():
            return []
        if vector is None:
            vector = self.encoder.encode([query])[0]
        found = self._candidates(query, widened, vector, allowed, cited or {}, on)
        found = _kept(found, keep)
        self._mark_addressed(found, categories)
        scores = self.ranker.scores(found)
        probabilities = self.confidence.probabilities(found)
        order = merged(found, scores, probabilities)
        return [
            Suggestion(
                found[at].kind,
                found[at].id,
                float(scores[at]),
                float(probabilities[at]),
                self._reasons(widened, found[at], on),
            )
            for at in order[:limit]
        ]

    def candidates(self, query: str, vector: Vectors) -> list[Candidate]:
        """All candidates for `query` with their measures, unordered: for training."""
        query = query[:MAX_QUERY]
        return self._candidates(query, query, vector, None, {}, None)

    def _candidates(
        self,
        query: str,
        widened: str,
        vector: Vectors,
        allowed: Mapping[str, Keys | None] | None,
        cited: Items,
        on: date | None,
    ) -> list[Candidate]:
        found: list[Candidate] = []
        near: list[tuple[float, str, int]] = []
        turned = self._turned(vector)
        for shelf in self.shelves:
            if allowed is not None and shelf.kind not in allowed:
                continue
            among = allowed[shelf.kind] if allowed is not None else None
            matching = matching_of(shelf.kind)
            # Turned, a question finds more of its passages; of wordings the plain vector finds as many.
            hits = shelf.vectors.search(turned["passage"] if matching == "passage" else vector, self.depth, among)
            worded = shelf.lexical.search(widened, self.depth, among)
            named = [key_of(item) for item in cited.get(shelf.kind, ())]
            led = Led()
            if shelf.leads is not None and among is None:
                led = nearest_leads(shelf.leads, widened, vector, turned["wording"])
            keys = np.array(sorted({*_keys(hits), *_keys(worded), *named, *map(key_of, led.best)}), dtype=np.int64)
            ideal = max(shelf.lexical.ideal(query), 1e-9)
            # Of a text that has both an acronym and its long form the share may pass one, as that of a short text may.
            shares = shelf.lexical.scores(widened, keys) / ideal
            cosines, products = shelf.vectors.products((vector, turned[matching]), keys)
            measured = _measured(shelf.kind, keys, set(named), shares, cosines, products)
            if shelf.pairs is not None and self.ranker.learned is not None:
                _look_closer(shelf, query, measured)
            if matching == "wording":
                crowding = crowding_of(shelf.vectors, hits)
                for one in measured:
                    one.crowding = crowding
                if on is not None:
                    _add_age_and_votes(shelf, on.toordinal(), measured)
                near.extend((hit.score, shelf.kind, item_of(hit.key)) for hit in hits[:NEAREST])
            else:
                near.extend((one.cosine, shelf.kind, one.id) for one in measured)
            if shelf.leads is not None:
                _add_leads(measured, led, shelf.leads)
            found.extend(measured)
        near.sort(key=lambda one: -one[0])
        agreeing = Counter((kind, item) for _, kind, item in near[:NEAREST])
        asked = len(terms(query))
        for one in found:
            one.agreement, one.asked = agreeing.get((one.kind, one.id), 0) / NEAREST, asked
        return found

    def _mark_addressed(self, found: Sequence[Candidate], categories: Collection[str]) -> None:
        written_for = {shelf.kind: shelf.written_for for shelf in self.shelves if shelf.written_for}
        for one in found:
            if one.kind in written_for:
                one.is_for_asker = not written_for[one.kind].get(one.id, frozenset()).isdisjoint(categories)

    def _turned(self, vector: Vectors) -> dict[str, Vectors]:
        """The query's vector for each way of matching."""
        learned = self.ranker.learned
        return {one: vector if learned is None else learned.turned(vector, one) for one in MATCHINGS}

    def _reasons(self, query: str, candidate: Candidate, on: date | None) -> tuple[str, ...]:
        shelf = next(shelf for shelf in self.shelves if shelf.kind == candidate.kind)
        reasons = ["You named it."] if candidate.is_cited else []
        if candidate.is_for_asker:
            reasons.append("Written for the Party category that asks.")
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
        if candidate.votes > 0:
            reasons.append(f"{candidate.votes} {'vote' if candidate.votes == 1 else 'votes'}.")
        day = shelf.days.get(candidate.id)
        if on is not None and day is not None and 0 <= on.toordinal() - day <= RECENT:
            reasons.append("Asked in the last month.")
        return tuple(reasons)


def chance(ranked: Sequence[Suggestion]) -> float:
    """The probability that one of the first suggestions answers.

    Questions and answers of one kind exclude each other, see `Confidence`; all else answers independently.
    """
    together: dict[str, float] = defaultdict(float)
    missed = 1.0
    for one in ranked[:LOOKED_AT]:
        if matching_of(one.kind) == "wording":
            together[one.kind] += one.probability
        else:
            missed *= 1 - one.probability
    return 1 - missed * math.prod(max(0.0, 1 - one) for one in together.values())


def worth_showing(ranked: Sequence[Suggestion], possible: float) -> list[Suggestion]:
    """What is shown of a list, best first: nothing unless one of the first three answers with probability `possible`.

    Of several clauses that say nearly the same none may be probable by itself, and yet one of them is the answer.
    Of the first three those are shown that are a tenth as probable as the best; of the others what reaches a third of
    `possible`.
    """
    if chance(ranked) < possible:
        return []
    first, others = ranked[:LOOKED_AT], ranked[LOOKED_AT:]
    least = SHARE_OF_BEST * max((one.probability for one in first), default=0.0)
    return [
        *(one for one in first if one.probability >= least),
        *(one for one in others if one.probability >= possible / LOOKED_AT),
    ]


def _keys(hits: Sequence[Hit]) -> list[int]:
    return [hit.key for hit in hits]


@dataclass(frozen=True, slots=True)
class Led:
    """What is known of each item that answered a question like this one."""

    best: Mapping[int, tuple[float, float, tuple[float, ...]]] = field(default_factory=dict)
    """Of such questions: the best cosine, the best share of words, and how near the nearest are; see `Candidate`."""
    crowding: float = 0.0
    """See `Candidate`."""


def nearest_leads(leads: Leads, query: str, vector: Vectors, turned: Vectors) -> Led:
    """What the questions say that were answered before; `turned` is the vector turned towards wordings."""
    near = leads.vectors.search(vector, LEAD_DEPTH)
    hits = (*near, *leads.lexical.search(query, LEAD_DEPTH))
    keys = np.unique(np.array([hit.key for hit in hits], dtype=np.int64))
    words = leads.lexical.scores(query, keys) / max(leads.lexical.ideal(query), 1e-9)
    cosines, products = leads.vectors.products((vector, turned), keys)
    best: dict[int, tuple[float, float, tuple[float, ...]]] = {}
    columns = (column.tolist() for column in (keys, words, cosines, products))
    for key, share, cosine, product in zip(*columns, strict=True):
        before = best.get(item_of(key), (0.0, 0.0, ()))
        best[item_of(key)] = max(before[0], cosine), max(before[1], share), _nearest(before[2], (product,))
    return Led(best, crowding_of(leads.vectors, near))


def crowding_of(index: VectorIndex, hits: Sequence[Hit]) -> float:
    """How near the texts nearest to a query are to each other: a mean cosine, 0 for fewer than two.

    The local scale of distances, as in local outlier factors (Breunig et al., 2000).
    """
    keys = np.array(_keys(hits[:CROWD]), dtype=np.int64)
    if len(keys) < 2:
        return 0.0
    vectors = index.vectors(keys)
    cosines = vectors[:CROWD_FIRST] @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    nearest = np.sort(cosines, axis=1)[:, -min(CROWD_NEAREST, len(keys) - 1) :]
    return float(nearest.mean())


def _add_leads(found: Sequence[Candidate], led: Led, leads: Leads) -> None:
    """Of an answer or a question, what it answered is one more of its wordings; of a passage something else."""
    for one in found:
        one.leads, one.lead_crowding = leads.counts.get(one.id, 0), led.crowding
        one.lead, one.lead_words, one.nearest_leads = led.best.get(one.id, (0.0, 0.0, ()))
        if matching_of(one.kind) == "wording":
            one.cosine, one.words = max(one.cosine, one.lead), max(one.words, one.lead_words)
            one.nearest = _nearest(one.nearest, one.nearest_leads)


def _measured(
    kind: str, keys: Keys, named: Collection[int], shares: Floats, cosines: Floats, products: Floats
) -> list[Candidate]:
    """One candidate for each item among `keys`, with the best of its parts' shares of words and cosines.

    Products with the turned query are kept of a passage's best part, and of the nearest wordings of all else. All three
    have shape (n,).
    """
    best: dict[int, Candidate] = {}
    is_worded = matching_of(kind) == "wording"
    columns = (column.tolist() for column in (keys, shares, cosines, products))
    for key, share, cosine, product in zip(*columns, strict=True):
        item = item_of(key)
        known = best.get(item)
        nearest, adapted = ((product,), 0.0) if is_worded else ((), product)
        if known is None:
            cited = key in named
            best[item] = Candidate(kind, item, key, share, cosine, nearest, is_cited=cited, adapted=adapted)
            continue
        if (share, cosine) > (known.words, known.cosine):
            known.key, known.adapted = key, adapted
        known.words, known.cosine = max(known.words, share), max(known.cosine, cosine)
        known.nearest = _nearest(known.nearest, nearest)
        known.is_cited = known.is_cited or key in named
    return list(best.values())


def _add_age_and_votes(shelf: Shelf, today: int, found: Sequence[Candidate]) -> None:
    for one in found:
        one.votes = shelf.votes.get(one.id, 0)
        one.age = max(today - shelf.days.get(one.id, today), 0)


def _nearest(some: tuple[float, ...], others: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted((*some, *others), reverse=True)[:NEAREST_PARTS])


def _look_closer(shelf: Shelf, query: str, found: Sequence[Candidate]) -> None:
    """Fill in what the learned order of passages looks at beside words and meaning."""
    assert shelf.pairs is not None
    keys = np.array([one.key for one in found], dtype=np.int64)
    pairs = shelf.pairs.scores(query, keys) / max(shelf.pairs.ideal(query), 1e-9)
    overlap = shelf.lexical.overlap(query, keys)
    columns = (pairs, overlap.covered, overlap.density, overlap.length)
    for one, *numbers in zip(found, *(column.tolist() for column in columns), strict=True):
        one.pairs, one.covered, one.density, one.length = numbers
        one.group = shelf.groups.get(one.id, 0)


def _kept(found: list[Candidate], keep: Callable[[Items], Items] | None) -> list[Candidate]:
    if keep is None or not found:
        return found
    by_kind: dict[str, set[int]] = {}
    for one in found:
        by_kind.setdefault(one.kind, set()).add(one.id)
    kept = keep(by_kind)
    return [one for one in found if one.id in kept.get(one.kind, ())]
