"""Queues, topics and tickets for tests."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel.policy import SYSTEM, Actor
from helpdesk.tickets import queues, services
from helpdesk.tickets.enums import QueueSlug
from helpdesk.tickets.models import Queue, Ticket, Topic

_numbers = count(1)


def make_queue(db: Session, slug: str | None = None, *, is_restricted: bool = False) -> Queue:
    slug = slug or f"team-{next(_numbers)}"
    return queues.add_queue(db, SYSTEM, slug=slug, name=slug.title(), is_restricted=is_restricted)


def make_topic(db: Session, slug: str | None = None, *, queue: Queue | None = None, **fields: Any) -> Topic:
    slug = slug or f"topic-{next(_numbers)}"
    queue = queue or queues.ensure(db, QueueSlug.DEFAULT)
    return queues.add_topic(db, SYSTEM, slug=slug, name=slug.title(), queue=queue, **fields)


def make_ticket(db: Session, actor: Actor, **fields: Any) -> Ticket:
    """A ticket that `actor` opened with a subject of its own."""
    fields = {"subject": f"How do we pay charge {next(_numbers)}?", "body": "Please tell us how.", **fields}
    return services.open_ticket(db, actor, **fields)


def make_restricted_ticket(db: Session, actor: Actor, **fields: Any) -> Ticket:
    """A ticket that the rules send to the queue for security incidents."""
    return make_ticket(db, actor, **{"subject": "Our private key has been stolen", **fields})
