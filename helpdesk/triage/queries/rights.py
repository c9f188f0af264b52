"""The reader's rights over candidates of every kind, in one query whose statement is built once a reader."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sqlalchemy import (
    ARRAY,
    CompoundSelect,
    Integer,
    Select,
    String,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from helpdesk.kernel import sources
from helpdesk.kernel.policy import Actor

Items = Mapping[str, Iterable[int]]

READERS = 512  # whose statements a process remembers; they hold the reader's rights, never what was found
MAX_OWN = 2_000  # tickets of one organisation that are searched; an exact comparison of these takes milliseconds


def seen_by(db: Session, actor: Actor, candidates: Items) -> dict[str, set[int]]:
    """Those of `candidates` that `actor` may see: each kind's own rule, whatever an index says."""
    seen: dict[str, set[int]] = {kind: set() for kind in candidates}
    if not candidates:
        return seen
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    ids = {kind: list(found) for kind, found in candidates.items()}
    given = {kind: json.dumps(found) if is_sqlite else found for kind, found in ids.items()}
    for kind, object_id in db.execute(_seen(actor, tuple(sorted(ids)), is_sqlite=is_sqlite), given).all():
        seen[kind].add(object_id)
    return seen


@lru_cache(maxsize=READERS)
def _seen(actor: Actor, kinds: tuple[str, ...], *, is_sqlite: bool) -> CompoundSelect[str, int]:
    branch = _one_by_one if is_sqlite else _at_once
    return union_all(*(branch(kind, sources.source(kind).visible(actor).order_by(None)) for kind in kinds))


def _one_by_one(kind: str, visible: Select[int]) -> Select[str, int]:
    """Each id of one parameter put to the rule by itself: given all at once, SQLite walks through the whole table."""
    given = func.json_each(bindparam(kind, type_=String)).table_valued("value")
    is_visible = visible.where(visible.selected_columns[0] == given.c.value).exists()
    return select(literal(kind), cast(given.c.value, Integer)).where(is_visible)


def _at_once(kind: str, visible: Select[int]) -> Select[str, int]:
    """The ids of one parameter, an array: a list written out would be compiled anew each time."""
    inner = visible.subquery()
    return select(literal(kind), inner.c[0]).where(inner.c[0] == any_(bindparam(kind, type_=ARRAY(Integer))))


def own_tickets(db: Session, actor: Actor) -> list[int]:
    """The newest tickets that a Party member may see: their own, and their organisation's where it shares."""
    return list(db.scalars(_own(actor)))


@lru_cache(maxsize=READERS)
def _own(actor: Actor) -> Select[int]:
    visible = sources.source("ticket").visible(actor).order_by(None).subquery()
    return select(visible.c[0]).order_by(visible.c[0].desc()).limit(MAX_OWN)
