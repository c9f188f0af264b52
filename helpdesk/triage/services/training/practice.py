"""What trainings of suggestions share: the indexes, and judged questions in the order in which they came."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from helpdesk.kernel.db import reading
from helpdesk.nlp.encoder import Encoder, Vectors, digest
from helpdesk.nlp.lessons import Item, Lessons, Places
from helpdesk.nlp.suggest import Shelf
from helpdesk.triage.indexes import IndexCache
from helpdesk.triage.models import KINDS
from helpdesk.triage.queries.judged import Judged, judged, lead_vectors
from helpdesk.triage.services import indexing

LIMIT = 20_000  # newest judgements
HELD_OUT = 0.2  # share of the newest questions that measure and are not learned from
SHARED = tuple(kind for kind in KINDS if kind != "ticket")  # kinds that answer people of any organisation


@dataclass(frozen=True)
class Practice:
    """Judged questions, the oldest first, and shelves on which no question leads to anything yet."""

    encoder: Encoder
    questions: Sequence[Judged]
    lessons: Lessons
    shelves: Sequence[Shelf]

    def about(self, kinds: Collection[str], limit: int) -> Places:
        """The newest `limit` questions that an item of `kinds` answered, the oldest first."""
        places = [at for at, one in enumerate(self.questions) if one.answered_by(kinds)]
        return np.array(places[-limit:], dtype=np.int64)

    def lessons_of(self, places: Places, kinds: Collection[str]) -> Lessons:
        """Some questions, answered by items of `kinds` alone."""
        some = self.lessons.of(places)
        right, leading = ([_of(items, kinds) for items in one] for one in (some.right, some.leading))
        return Lessons(some.queries, some.vectors, right, leading)

    def shelves_of(self, kinds: Collection[str]) -> list[Shelf]:
        return [shelf for shelf in self.shelves if shelf.kind in kinds]


def _of(items: Collection[Item], kinds: Collection[str]) -> frozenset[Item]:
    return frozenset(item for item in items if item[0] in kinds)


def split(places: Places, held_out: float = HELD_OUT) -> tuple[Places, Places]:
    """Questions to learn from, and the later ones to measure with."""
    cut = round(len(places) * (1 - held_out))
    return places[:cut], places[cut:]


def practise(encoder: Encoder, *, limit: int = LIMIT) -> Practice:
    """Read indexes and judgements. On PostgreSQL too the vectors are in memory for the time of a training."""
    cache = IndexCache(dimension=encoder.dimension, model=encoder.name, with_vectors=True)
    with reading() as db:
        cache.follow(db, in_request=False)
        questions = judged(db, limit)
        known = lead_vectors(db, encoder.name)
        led = {}
        for kind in SHARED:
            ids = {item for one in questions for found, item in one.right if found == kind}
            led.update({(kind, item): frozenset(texts) for item, texts in indexing.leads_of(db, kind, ids).items()})
    queries = [one.query for one in questions]
    right = [one.answered_by(SHARED) for one in questions]
    leading = [
        frozenset(item for item in items if query in led.get(item, ()))
        for query, items in zip(queries, right, strict=True)
    ]
    lessons = Lessons(queries, _vectors(encoder, queries, known), right, leading)
    shelves = [_without_leads(shelf) for shelf in cache.shelves(SHARED)]
    return Practice(encoder, questions, lessons, shelves)


def _without_leads(shelf: Shelf) -> Shelf:
    return replace(shelf, leads=None)


def _vectors(encoder: Encoder, queries: Sequence[str], known: dict[str, Vectors]) -> Vectors:
    """The vectors of `queries`; most are known, since questions that led somewhere are indexed."""
    digests = [digest(query) for query in queries]
    unknown = [query for query, name in zip(queries, digests, strict=True) if name not in known]
    found = {**known, **{digest(text): row for text, row in zip(unknown, encoder.encode(unknown), strict=True)}}
    rows = [found[name] for name in digests]
    return np.stack(rows) if rows else np.empty((0, encoder.dimension), dtype=np.float32)
