"""The vector index of PostgreSQL: pgvector answers one query for all kinds at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Float, Select, case, func, literal, null, select, tuple_, type_coerce, union_all
from sqlalchemy.orm import Session

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.lexical import Floats, Hit, Keys, LexicalIndex, Overlap
from helpdesk.nlp.ranking import matching_of
from helpdesk.nlp.suggest import CROWD, LEADS, PARTS, Shelf, item_of, key_of, nearest_leads
from helpdesk.triage.columns import UnitVector
from helpdesk.triage.indexes import KindIndex
from helpdesk.triage.models import Embedding

DEPTH = 100  # nearest parts of each kind, as the in-process search takes
WIDTH = 200  # pgvector's hnsw.ef_search: how far the graph is walked

Allowed = Mapping[str, Keys | None]
Branch: TypeAlias = Select[str, int, int, float, float, bool, Vectors | None]


@dataclass(frozen=True, slots=True)
class FoundVectors:
    """What one SQL query found for one vector among one kind; serves the parts of `Suggester` from memory."""

    vector: Vectors
    cosines: Mapping[int, float]
    turned: Mapping[int, float]
    """Products with the vector turned for this kind, the only other one that anybody asks for."""
    nearest: Sequence[Hit]
    crowd: Mapping[int, Vectors]
    """The vectors of the nearest few."""

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        raise NotImplementedError("rows are written by triage.services.indexing")

    def remove(self, keys: Iterable[int]) -> None:
        raise NotImplementedError("rows are written by triage.services.indexing")

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        return list(self.nearest[:k])

    def products(self, vectors: Sequence[Vectors], keys: Keys) -> Floats:
        known = [self.cosines if np.array_equal(one, self.vector) else self.turned for one in vectors]
        return np.array([[some.get(key, 0.0) for key in keys.tolist()] for some in known], dtype=np.float32)

    def vectors(self, keys: Keys) -> Vectors:
        nothing = np.zeros_like(self.vector)
        return np.stack([self.crowd.get(key, nothing) for key in keys.tolist()])


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

    def overlap(self, text: str, keys: Keys) -> Overlap:
        return self.index.overlap(text, keys)

    def shared(self, text: str, key: int) -> list[str]:
        return self.index.shared(text, key)

    def ideal(self, text: str) -> float:
        return self.index.ideal(text)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: the text, its vector, and the vector turned for each way of matching, if that was learned."""

    text: str
    vector: Vectors
    turned: Mapping[str, Vectors]


def shelves(
    db: Session,
    model: str,
    kinds: Sequence[KindIndex],
    query: Query,
    allowed: Allowed,
    named: Mapping[str, Iterable[int]],
) -> list[Shelf]:
    """Shelves for one query: the nearest of every kind, and the cosines of what words and earlier questions found."""
    hits = {one.kind: one.lexical.search(query.text, DEPTH, allowed[one.kind]) for one in kinds}
    wanted: dict[str, set[int]] = {}
    for one in kinds:
        led = _led_to(one, query) if allowed[one.kind] is None else ()
        wanted[one.kind] = {hit.key for hit in hits[one.kind]}
        wanted[one.kind].update(key_of(item) for item in (*led, *named.get(one.kind, ())))
    branches = [
        branch
        for one in kinds
        for branch in (
            _nearest(one.kind, model, query, allowed[one.kind]),
            _cosines(one.kind, model, query, wanted[one.kind]),
        )
        if branch is not None
    ]
    cosines: dict[str, dict[int, float]] = {kind: {} for kind in wanted}
    products: dict[str, dict[int, float]] = {kind: {} for kind in wanted}
    nearest: dict[str, list[Hit]] = {kind: [] for kind in wanted}
    crowds: dict[str, dict[int, Vectors]] = {kind: {} for kind in wanted}
    # The walk goes on where rows of another model, while there are two, left too few.
    walk = f"SET LOCAL hnsw.ef_search = {WIDTH}; SET LOCAL hnsw.iterative_scan = strict_order"
    db.connection().exec_driver_sql(walk)
    rows = db.execute(union_all(*branches)) if branches else ()
    for kind, object_id, part, cosine, product, is_nearest, vector in rows:
        key = key_of(object_id, part)
        cosines[kind][key], products[kind][key] = cosine, product
        if is_nearest:
            nearest[kind].append(Hit(key, cosine))
        if vector is not None:
            crowds[kind][key] = vector
    for found in nearest.values():
        found.sort(key=lambda hit: (-hit.score, hit.key))
    return [
        one.shelf(
            FoundWords(one.lexical, hits[one.kind]),
            FoundVectors(query.vector, cosines[one.kind], products[one.kind], nearest[one.kind], crowds[one.kind]),
        )
        for one in kinds
    ]


def _led_to(one: KindIndex, query: Query) -> Collection[int]:
    turned = query.turned.get("wording", query.vector)
    return nearest_leads(one.led, query.text, query.vector, turned).best.keys()


def _distance(vector: Vectors) -> Any:
    return Embedding.vector.op("<=>", return_type=Float)(type_coerce(vector, UnitVector))


def _columns(kind: str, query: Query) -> tuple[Any, Any, Any, Any]:
    distance = _distance(query.vector)
    product: Any = literal(0.0)
    if (turned := query.turned.get(matching_of(kind))) is not None:
        product = -Embedding.vector.op("<#>", return_type=Float)(type_coerce(turned, UnitVector))
    return Embedding.object_id, Embedding.part, distance, product


def _nearest(kind: str, model: str, query: Query, allowed: Keys | None) -> Branch | None:
    """The nearest texts of one kind. A few allowed keys are compared one by one, which is exact."""
    if allowed is not None and not len(allowed):
        return None
    object_id, part, distance, product = _columns(kind, query)
    # The kind stands in the statement itself: PostgreSQL uses a partial index only for the very words it was made with.
    is_kind = Embedding.kind == literal(kind, literal_execute=True)
    wanted = select(literal(kind), object_id, part, 1 - distance, product, literal(True), Embedding.vector).where(
        is_kind, Embedding.model == model, Embedding.vector.is_not(None), Embedding.part < LEADS
    )
    if allowed is not None:
        wanted = wanted.where(Embedding.object_id.in_({item_of(key) for key in allowed.tolist()}))
    turned = query.turned.get("passage") if matching_of(kind) == "passage" else None  # as in the process's own search
    inner = wanted.order_by(distance if turned is None else _distance(turned)).limit(DEPTH).subquery()
    *columns, vector = inner.c
    # Vectors are long: only those come along that are compared with each other.
    depth = CROWD if matching_of(kind) == "wording" else 0
    is_crowd = func.row_number().over(order_by=inner.c[3].desc()) <= depth
    return select(*columns, case((is_crowd, vector)))


def _cosines(kind: str, model: str, query: Query, keys: Collection[int]) -> Branch | None:
    if not keys:
        return None
    object_id, part, distance, product = _columns(kind, query)
    pairs = [(item_of(key), key % PARTS) for key in sorted(keys)]
    return select(
        literal(kind), object_id, part, 1 - distance, product, literal(False), type_coerce(null(), UnitVector)
    ).where(
        Embedding.kind == kind,
        Embedding.model == model,
        Embedding.vector.is_not(None),
        tuple_(Embedding.object_id, Embedding.part).in_(pairs),
    )
