"""Column types that differ between the two databases: vectors and search terms."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pgvector import Vector as PgVector
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeDecorator, TypeEngine

DIMENSION = 384  # of the shipped encoder; on PostgreSQL the column has this width
MAX_POSITION = 16_383  # the highest position that a tsvector remembers
TITLE_WEIGHT = 2  # how often a title's terms are repeated for SQLite, which weighs columns only

Floats = NDArray[np.float32]


class UnitVector(TypeDecorator[Floats]):
    """A unit vector: `vector` on PostgreSQL, 16-bit floats on SQLite (measured: nothing is lost)."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = VECTOR(DIMENSION) if dialect.name == "postgresql" else LargeBinary()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Floats | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return np.asarray(value, dtype="<f2").tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> Floats | None:
        if value is None:
            return None
        if dialect.name != "postgresql":
            return np.frombuffer(value, dtype="<f2").astype(np.float32)
        if isinstance(value, PgVector):
            value = value.to_numpy()
        return np.asarray(value, dtype=np.float32)


class Terms(TypeDecorator[tuple[Sequence[str], Sequence[str]]]):
    """The index terms of a title and of a body: a `tsvector` on PostgreSQL, words for FTS5 on SQLite.

    They are our analyser's, so that "G3.20" is one term in both databases. Written and searched, never read back.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: tuple[Sequence[str], Sequence[str]] | None, dialect: Dialect) -> Any:
        title, body = value or ((), ())
        if dialect.name == "postgresql":
            return tsvector(title, body)
        return " ".join([*title] * TITLE_WEIGHT + [*body])


def tsvector(title: Sequence[str], body: Sequence[str]) -> str:
    """The literal of a tsvector in which the title's terms weigh A and the body's D."""
    places: dict[str, list[str]] = defaultdict(list)
    for number, term in enumerate(title, start=1):
        places[term].append(f"{min(number, MAX_POSITION)}A")
    for number, term in enumerate(body, start=len(title) + 1):
        if number <= MAX_POSITION:
            places[term].append(str(number))
    return " ".join(f"{quoted(term)}:{','.join(where[:255])}" for term, where in places.items() if where)


def quoted(term: str) -> str:
    """`term` as a lexeme of a tsvector or tsquery literal."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"
