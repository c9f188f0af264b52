"""Importing tickets in bulk: all in one transaction, once each, routed by the same hard rules."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from slugify import slugify
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Organisation, User
from helpdesk.kernel import audit, sequences
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.events import ContentChanged, publish
from helpdesk.kernel.policy import Actor, require
from helpdesk.tickets import counts, hours, queues, records, routing
from helpdesk.tickets.enums import MessageKind, QueueSlug
from helpdesk.tickets.events import TicketsImported
from helpdesk.tickets.import_files import Row, body_format
from helpdesk.tickets.models import Message, Queue, Ticket, Topic
from helpdesk.tickets.policy import RULES, Can

CHUNK = 500  # rows written, and announced to the indexes, together
MOST_NAMES = 300  # queues or topics that one file may add; more means a wrong column


def already_there(db: Session, source: str) -> set[str]:
    """The ids that an earlier import of `source` brought."""
    return set(db.scalars(select(Ticket.source_id).where(Ticket.source == source)))


def import_tickets(
    db: Session, actor: Actor, rows: Sequence[Row], source: str, advance: Callable[[int], None] = lambda _count: None
) -> int:
    """Add every row that is not there yet and return how many were added; nobody is mailed.

    Raises:
        Forbidden: `actor` may not import.
        Invalid: the columns of queues or topics hold more names than a list of them can have.
    """
    require(RULES, actor, Can.IMPORT)
    known = already_there(db, source)
    new = [row for row in rows if row.source_id not in known]
    places = _Places(db, actor, new)
    moved: Counter[counts.Place] = Counter()
    for start in range(0, len(new), CHUNK):
        chunk = new[start : start + CHUNK]
        tickets = _add(db, chunk, source, places)
        moved.update(counts.Place(ticket["queue_id"], ticket["status"], counts.NOBODY) for ticket in tickets)
        advance(len(chunk))
    counts.add(db, moved)
    audit.record(db, actor, "ticket.imported", records.KIND, None, source=source, count=len(new))
    if new:
        publish(db, TicketsImported(source, len(new)))
    return len(new)


class _Places:
    """Queues, topics, people and organisations by the names that the rows use; missing queues and topics are made."""

    def __init__(self, db: Session, actor: Actor, rows: Sequence[Row]) -> None:
        self.default = queues.ensure(db, QueueSlug.DEFAULT)
        self.restricted = {
            rule.name: queues.ensure(db, rule.queue)
            for rule in routing.RULES
            if rule.queue and any(row.rule == rule.name for row in rows)
        }
        self.queues = self._queues(db, actor, _names([row.queue for row in rows], "queue"))
        self.topics = self._topics(db, actor, _names([row.topic for row in rows], "topic"))
        self.organisations = {one.name.casefold(): one for one in db.scalars(select(Organisation))}
        self.organisations_by_id = {one.id: one for one in self.organisations.values()}
        self.people = self._people(db, {row.requester_email for row in rows if row.requester_email})

    def queue_of(self, row: Row) -> Queue:
        return self.restricted.get(row.rule) or self.queues.get(slugify(row.queue), self.default)

    def organisation_of(self, row: Row, user: User | None) -> Organisation | None:
        if user is not None and user.organisation_id is not None:
            return self.organisations_by_id[user.organisation_id]
        return self.organisations.get(row.organisation.casefold())

    def _queues(self, db: Session, actor: Actor, names: dict[str, str]) -> dict[str, Queue]:
        found = {one.slug: one for one in db.scalars(select(Queue))}
        last = max((one.position for one in found.values()), default=0)
        for number, (slug, name) in enumerate(names.items(), last + 1):
            if slug not in found:
                found[slug] = queues.add_queue(db, actor, slug=slug, name=name, position=number)
        return found

    def _topics(self, db: Session, actor: Actor, names: dict[str, str]) -> dict[str, Topic]:
        found = {one.slug: one for one in db.scalars(select(Topic))}
        last = max((one.position for one in found.values()), default=0)
        for number, (slug, name) in enumerate(names.items(), last + 1):
            if slug not in found:
                found[slug] = queues.add_topic(db, actor, slug=slug, name=name, queue=self.default, position=number)
        return found

    @staticmethod
    def _people(db: Session, emails: set[str]) -> dict[str, User]:
        found: dict[str, User] = {}
        wanted = sorted(emails)
        for start in range(0, len(wanted), CHUNK):
            part = select(User).where(User.email.in_(wanted[start : start + CHUNK]))
            found.update({user.email: user for user in db.scalars(part) if user.email})
        return found


def _names(values: Sequence[str], what: str) -> dict[str, str]:
    """Each name by its slug."""
    names = {slugify(value)[:60]: value for value in values if slugify(value)}
    if len(names) > MOST_NAMES:
        raise Invalid(
            f"The column of the {what} holds {len(names):,} different names, so it is no list of {what}s. "
            f"Map another column, or leave {what} out. Nothing was imported."
        )
    return names


def _add(db: Session, rows: Sequence[Row], source: str, places: _Places) -> list[dict[str, Any]]:
    """Insert one chunk with its messages and tell the indexes."""
    number = sequences.take(db, "ticket.reference", len(rows))
    seq = sequences.take(db, records.KIND, len(rows))
    tickets = [
        {**_values(row, places), "source": source, "reference": records.reference(number + at), "seq": seq + at}
        for at, row in enumerate(rows)
    ]
    ids = list(db.scalars(insert(Ticket).returning(Ticket.id, sort_by_parameter_order=True), tickets))
    messages = [one for at, row in enumerate(rows) for one in _messages(row, ids[at], tickets[at])]
    db.execute(insert(Message), messages)
    publish(db, ContentChanged(records.KIND, tuple(ids)))
    return tickets


def _values(row: Row, places: _Places) -> dict[str, Any]:
    user = places.people.get(row.requester_email)
    organisation = places.organisation_of(row, user)
    topic = places.topics.get(slugify(row.topic)[:60])
    last_at = max(row.opened_at, row.first_response_at or row.opened_at, row.solved_at or row.opened_at)
    return {
        "subject": row.subject,
        "requester_id": user.id if user else None,
        "requester_name": user.name if user else row.requester_name,
        "requester_email": row.requester_email,
        "organisation_id": organisation.id if organisation else None,
        "category": organisation.category if organisation else "",
        "channel": row.channel,
        "status": row.status,
        "priority": row.priority,
        "topic_id": topic.id if topic else None,
        "queue_id": places.queue_of(row).id,
        "rule": row.rule,
        "opened_at": row.opened_at,
        "first_response_at": row.first_response_at,
        "first_response_minutes": _minutes(row, row.first_response_at),
        "solved_at": row.solved_at,
        "resolution_minutes": _minutes(row, row.solved_at),
        "last_message_at": last_at,
        "updated_at": last_at,
        "source_id": row.source_id,
    }


def _minutes(row: Row, until: Any) -> int | None:
    return None if until is None else hours.working_minutes(row.opened_at, until)


def _messages(row: Row, ticket_id: int, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    """The question, and the answer if the row has one."""
    question = {
        "ticket_id": ticket_id,
        "kind": MessageKind.MESSAGE,
        "body": row.body,
        "body_format": body_format(row.body),
        "author_id": ticket["requester_id"],
        "author_name": ticket["requester_name"],
        "author_email": ticket["requester_email"],
        "is_staff": False,
        "created_at": row.opened_at,
    }
    if not row.reply:
        return [question]
    answer = {
        **question,
        "kind": MessageKind.REPLY,
        "body": row.reply,
        "body_format": body_format(row.reply),
        "author_id": None,
        "author_name": "Helpdesk",
        "author_email": "",
        "is_staff": True,
        "created_at": row.solved_at or row.first_response_at or row.opened_at,
    }
    return [question, answer]
