"""The vector index of PostgreSQL: pgvector answers one query for all kinds at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Float, Select, literal, select, tuple_, type_coerce, union_all
from sqlalchemy.orm import Session

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.lexical import Floats, Hit, Keys, LexicalIndex
from helpdesk.nlp.suggest import LEADS, PARTS, Shelf, item_of, key_of
from helpdesk.triage.columns import UnitVector
from helpdesk.triage.models import Embedding

DEPTH = 100  # nearest parts of each kind, as the in-process search takes
WIDTH = 200  # pgvector's hnsw.ef_search: how far the graph is walked

Allowed = Mapping[str, Keys | None]
Branch: TypeAlias = Select[str, int, int, float, bool]


@dataclass(frozen=True, slots=True)
class FoundVectors:
    """What one SQL query found for one vector among one kind; serves the parts of `Suggester` from memory."""

    cosines: Mapping[int, float]
    nearest: Sequence[Hit]

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        raise NotImplementedError("rows are written by triage.services.indexing")

    def remove(self, keys: Iterable[int]) -> None:
        raise NotImplementedError("rows are written by triage.services.indexing")

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        return list(self.nearest[:k])

    def scores(self, vector: Vectors, keys: Keys) -> Floats:
        return np.array([self.cosines.get(key, 0.0) for key in keys.tolist()], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class FoundWords:
    """A word index whose answer to the query at hand is known already."""

    index: LexicalIndex
    hits: Sequence[Hit]

    def put(self, keys: Sequence[int], texts: Sequence[str]) -> None:
        self.index.put(keys, texts)

    def remove(self, keys: Iterable[int]) -> None:
        self.index.remove(keys)

    def search(self, text: str, k: int, allowed: Keys | None = None) -> list[Hit]:
        return list(self.hits[:k])

    def scores(self, text: str, keys: Keys) -> Floats:
        return self.index.scores(text, keys)

    def shared(self, text: str, key: int) -> list[str]:
        return self.index.shared(text, key)

    def ideal(self, text: str) -> float:
        return self.index.ideal(text)


def shelves(
    db: Session,
    model: str,
    words: Mapping[str, LexicalIndex],
    query: str,
    vector: Vectors,
    allowed: Allowed,
    named: Mapping[str, Iterable[int]],
) -> list[Shelf]:
    """Shelves for one query: nearest vectors of every kind, and the cosines of what the words found."""
    hits = {kind: index.search(query, DEPTH, allowed[kind]) for kind, index in words.items() if kind in allowed}
    wanted = {kind: [hit.key for hit in found] for kind, found in hits.items()}
    for kind, ids in named.items():
        if kind in wanted:
            wanted[kind].extend(key_of(item) for item in ids)
    branches = [
        branch
        for kind, keys in wanted.items()
        for branch in (*_nearest(kind, model, vector, allowed[kind]), *_cosines(kind, model, vector, keys))
    ]
    cosines: dict[str, dict[int, float]] = {kind: {} for kind in wanted}
    nearest: dict[str, list[Hit]] = {kind: [] for kind in wanted}
    db.connection().exec_driver_sql(f"SET LOCAL hnsw.ef_search = {WIDTH}")
    for kind, object_id, part, cosine, is_nearest in db.execute(union_all(*branches)):
        key = key_of(object_id, part)
        cosines[kind][key] = cosine
        if is_nearest:
            nearest[kind].append(Hit(key, cosine))
    for found in nearest.values():
        found.sort(key=lambda hit: (-hit.score, hit.key))
    return [
        Shelf(kind, FoundWords(words[kind], hits[kind]), FoundVectors(cosines[kind], nearest[kind])) for kind in wanted
    ]


def _columns(vector: Vectors) -> tuple[Any, Any, Any]:
    distance = Embedding.vector.op("<=>", return_type=Float)(type_coerce(vector, UnitVector))
    return Embedding.object_id, Embedding.part, distance


def _nearest(kind: str, model: str, vector: Vectors, allowed: Keys | None) -> list[Branch]:
    """The nearest parts of one kind, and the own text of the items that they belong to.

    A few allowed keys are compared one by one, which is exact.
    """
    if allowed is not None and not len(allowed):
        return []
    object_id, part, distance = _columns(vector)
    # The kind stands in the statement itself: PostgreSQL uses a partial index only for the very words it was made with.
    is_kind = Embedding.kind == literal(kind, literal_execute=True)
    query = select(literal(kind), object_id, part, 1 - distance, literal(True)).where(
        is_kind, Embedding.model == model, Embedding.vector.is_not(None)
    )
    if allowed is not None:
        query = query.where(Embedding.object_id.in_({item_of(key) for key in allowed.tolist()}))
    found = query.order_by(distance).limit(DEPTH).cte(f"nearest_{kind}")
    led_to = select(found.c[1]).where(found.c[2] >= LEADS)
    own = _of(kind, model, vector).where(Embedding.part == 0, Embedding.object_id.in_(led_to))
    return [select(*found.c), own]


def _cosines(kind: str, model: str, vector: Vectors, keys: Sequence[int]) -> list[Branch]:
    """The cosines of parts that words found, and of the own texts beside questions that were found."""
    pairs = {(item_of(key), part) for key in keys for part in {key % PARTS, 0 if key % PARTS >= LEADS else key % PARTS}}
    if not pairs:
        return []
    return [_of(kind, model, vector).where(tuple_(Embedding.object_id, Embedding.part).in_(sorted(pairs)))]


def _of(kind: str, model: str, vector: Vectors) -> Branch:
    """The cosine of every part of one kind."""
    object_id, part, distance = _columns(vector)
    is_ours = (Embedding.kind == kind, Embedding.model == model, Embedding.vector.is_not(None))
    return select(literal(kind), object_id, part, 1 - distance, literal(False)).where(*is_ours)
