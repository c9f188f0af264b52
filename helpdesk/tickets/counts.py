"""Counts of tickets by queue, status and agent, kept in the transaction that changes them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Insert, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk.tickets.enums import Status
from helpdesk.tickets.models import Queue, QueueCount, Ticket

NOBODY = 0  # the agent of tickets that nobody has taken


class Place(NamedTuple):
    """Where a ticket is counted."""

    queue_id: int
    status: Status
    agent_id: int


@dataclass(frozen=True)
class _Same:
    """Stands for a value that stays as it is; None already means nobody."""


SAME: Final = _Same()


def enter(db: Session, ticket: Ticket) -> None:
    """Count a new ticket."""
    add(db, {_place(ticket): 1})


def move(
    db: Session,
    ticket: Ticket,
    *,
    queue: Queue | None = None,
    status: Status | None = None,
    agent_id: int | _Same | None = SAME,
) -> None:
    """Change queue, status or agent of a ticket: nothing else may, or the counts would drift.

    The old place is read from the locked row, not from the object, which another agent may have overtaken.
    """
    db.flush()
    stored = select(Ticket.queue_id, Ticket.status, Ticket.agent_id).where(Ticket.id == ticket.id).with_for_update()
    queue_id, old_status, old_agent = db.execute(stored).one()
    if queue is not None:
        ticket.queue, ticket.queue_id = queue, queue.id
    if status is not None:
        ticket.status = status
    if not isinstance(agent_id, _Same):
        ticket.agent_id = agent_id
    old, new = Place(queue_id, old_status, old_agent or NOBODY), _place(ticket)
    if old != new:
        add(db, {old: -1, new: 1})


def add(db: Session, changes: Mapping[Place, int]) -> None:
    """Add to the counts of some places, always in the same order so that two writers never wait for each other."""
    rows = [{**place._asdict(), "count": change} for place, change in sorted(changes.items())]
    if rows:
        db.connection().execute(_adding(db.get_bind().dialect.name), rows)


@cache
def _adding(dialect: str) -> Insert:
    """The statement of one dialect, made once: a ticket's life runs it half a dozen times."""
    module: Any = postgresql if dialect == "postgresql" else sqlite
    row = module.insert(QueueCount.__table__)
    keys = ["queue_id", "status", "agent_id"]
    adding: Insert = row.on_conflict_do_update(
        index_elements=keys, set_={"count": QueueCount.__table__.c.count + row.excluded.count}
    )
    return adding


def recount(db: Session) -> None:
    """Count every ticket anew, for a check or after a repair."""
    columns = (Ticket.queue_id, Ticket.status, func.coalesce(Ticket.agent_id, NOBODY))
    found = db.execute(select(*columns, func.count()).group_by(*columns)).all()
    db.execute(delete(QueueCount))
    if found:
        names = ("queue_id", "status", "agent_id", "count")
        db.execute(insert(QueueCount), [dict(zip(names, row, strict=True)) for row in found])


def kept(db: Session) -> Counter[Place]:
    """Every count that is not zero."""
    rows = db.execute(select(QueueCount.queue_id, QueueCount.status, QueueCount.agent_id, QueueCount.count))
    return Counter({Place(queue_id, status, agent_id): count for queue_id, status, agent_id, count in rows if count})


def _place(ticket: Ticket) -> Place:
    return Place(ticket.queue_id, ticket.status, ticket.agent_id or NOBODY)
