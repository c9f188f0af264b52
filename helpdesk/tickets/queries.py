"""Reading tickets: `visible` is the one rule of who sees which."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, TextClause, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.models import Follow
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.models import FileRow
from helpdesk.kernel.paging import Page, Window, page
from helpdesk.kernel.plain import plain
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import Card, Document, Source
from helpdesk.rulebook.models import Clause, DocumentVersion
from helpdesk.tickets import counts as kept_counts
from helpdesk.tickets import hours, records
from helpdesk.tickets.enums import Audience, Channel, MessageKind, Priority, Status
from helpdesk.tickets.models import (
    UNSOLVED,
    Attachment,
    ClauseLink,
    Message,
    Queue,
    QueueMember,
    Ticket,
    TicketChange,
    Topic,
)

KIND = records.KIND
CHUNK = 500  # tickets whose messages are fetched together
EXCERPT_LENGTH = 300  # characters
ABSENT = "There is no such ticket, or it is not one that you may see."


def visible(actor: Actor) -> Select[int]:
    """Ids of the tickets that `actor` may read."""
    return select(Ticket.id).where(_readable(actor))


def workable(actor: Actor) -> Select[int]:
    """Ids of the tickets that `actor` may read as staff, with their notes."""
    return select(Ticket.id).where(_workable(actor))


def _readable(actor: Actor) -> ColumnElement[bool]:
    """Own tickets, the sharing organisation's, and as staff those of every queue that is not closed to one."""
    own = Ticket.requester_id == actor.id if actor.id is not None else false()
    return or_(own, _shared(actor), _workable(actor))


def _shared(actor: Actor) -> ColumnElement[bool]:
    if not actor.shares_tickets or actor.organisation_id is None:
        return false()
    return and_(
        Ticket.organisation_id == actor.organisation_id,
        Ticket.audience == Audience.ORGANISATION,
        Ticket.queue_id.not_in(select(Queue.id).where(Queue.is_restricted)),
    )


def _workable(actor: Actor) -> ColumnElement[bool]:
    if actor.is_system:
        return true()
    return Ticket.queue_id.not_in(_closed_queues(actor)) if actor.is_staff else false()


def _closed_queues(actor: Actor) -> Select[int]:
    """Restricted queues of which `actor` is no member.

    Queues are named by what is closed and not by what is open: SQLite then reads tickets in the order of an index and
    stops after a page, where a list of open queues would make it collect and sort them all.
    """
    named = select(QueueMember.queue_id).where(QueueMember.user_id == actor.id)
    return select(Queue.id).where(Queue.is_restricted, Queue.id.not_in(named))


def get(db: Session, actor: Actor, ticket_id: int) -> Ticket:
    """One ticket that `actor` may read.

    Raises:
        NotFound: it does not exist, or is hidden from `actor`.
    """
    return _one(db, actor, Ticket.id == ticket_id)


def by_reference(db: Session, actor: Actor, reference: str) -> Ticket:
    """The ticket with this reference, in any case of letters.

    Raises:
        NotFound: it does not exist, or is hidden from `actor`.
    """
    return _one(db, actor, Ticket.reference == reference.strip().upper())


def _one(db: Session, actor: Actor, condition: ColumnElement[bool]) -> Ticket:
    wanted = (
        select(Ticket)
        .where(condition, _readable(actor))
        .options(
            joinedload(Ticket.organisation),
            joinedload(Ticket.agent),
            joinedload(Ticket.topic),
            joinedload(Ticket.queue).joinedload(Queue.members),
        )
    )
    ticket = db.scalars(wanted).unique().one_or_none()
    if ticket is None:
        raise NotFound(ABSENT)
    return ticket


def teams_and_topics(db: Session) -> tuple[list[Queue], list[Topic]]:
    """Every queue with its members, and every topic, both in the staff's order: one query for a ticket's forms."""
    wanted = select(Queue).options(joinedload(Queue.members), joinedload(Queue.topics))
    teams = list(db.scalars(wanted.order_by(Queue.position, Queue.id)).unique())
    topics = [topic for team in teams for topic in team.topics]
    return teams, sorted(topics, key=lambda topic: (topic.position, topic.id))


def queues(db: Session, actor: Actor) -> list[Queue]:
    """The queues that `actor` may read."""
    wanted = select(Queue).order_by(Queue.position, Queue.id)
    if not actor.is_system:
        wanted = wanted.where(Queue.id.not_in(_closed_queues(actor)))
    return list(db.scalars(wanted.options(joinedload(Queue.members))).unique())


def topics(db: Session) -> list[Topic]:
    """The staff's fixed list of topics, in their order."""
    return list(db.scalars(select(Topic).order_by(Topic.position, Topic.id)))


def topic_by_slug(db: Session, slug: str) -> Topic | None:
    return db.scalar(select(Topic).where(Topic.slug == slug))


@dataclass(frozen=True, slots=True)
class Tally:
    """Kept counts of one queue (or of an agent's tickets) over those not done."""

    new: int = 0
    open: int = 0
    waiting: int = 0

    @property
    def unsolved(self) -> int:
        return self.new + self.open + self.waiting


@dataclass(frozen=True, slots=True)
class Counts:
    """What the desk shows beside its tabs and queues."""

    queues: dict[int, Tally]
    mine: int
    unassigned: int
    unsolved: int


def counts(db: Session, actor: Actor, readable: Sequence[Queue]) -> Counts:
    """The kept counts of the queues that `actor` may read."""
    wanted = {queue.id for queue in readable}
    by_queue: defaultdict[int, Counter[Status]] = defaultdict(Counter)
    by_agent: Counter[int] = Counter()
    for place, number in kept_counts.kept(db).items():
        if place.queue_id in wanted and not place.status.is_done:
            by_queue[place.queue_id][place.status] += number
            by_agent[place.agent_id] += number
    tallies = {queue_id: _tally(found) for queue_id, found in by_queue.items()}
    return Counts(
        queues=tallies,
        mine=by_agent[actor.id] if actor.id is not None else 0,
        unassigned=by_agent[kept_counts.NOBODY],
        unsolved=by_agent.total(),
    )


def _tally(found: Counter[Status]) -> Tally:
    waiting = found[Status.WAITING_REQUESTER] + found[Status.WAITING_THIRD_PARTY]
    return Tally(new=found[Status.NEW], open=found[Status.OPEN], waiting=waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the desk's list is narrowed to; an empty value narrows nothing. `status` may also be "unsolved"."""

    queue: str = ""
    status: str = "unsolved"
    topic: str = ""
    priority: str = ""
    agent: str = ""  # "me", "none" or a user's id
    channel: str = ""
    category: str = ""
    is_unsure: bool = False
    opened_from: date | None = None
    opened_to: date | None = None  # including that day
    sort: str = "-updated"


SORTS = {"updated": Ticket.last_message_at, "opened": Ticket.opened_at}
BRIEF = (joinedload(Ticket.organisation), joinedload(Ticket.agent), joinedload(Ticket.topic), joinedload(Ticket.queue))


def queue(db: Session, actor: Actor, filters: Filters, shown: Window) -> Page[Ticket]:
    """The desk's list: tickets that `actor` may work on."""
    wanted = select(Ticket).where(_workable(actor), *_conditions(actor, filters)).options(*BRIEF)
    column = SORTS.get(filters.sort.removeprefix("-"), Ticket.last_message_at)
    # Both columns in one direction, so that an index gives the order and nothing is sorted.
    order = (column.desc(), Ticket.id.desc()) if filters.sort.startswith("-") else (column, Ticket.id)
    wanted = wanted.order_by(*order)
    return page(db.scalars(wanted.offset(shown.offset).limit(shown.limit + 1)).all(), shown)


def _conditions(actor: Actor, filters: Filters) -> Iterator[ColumnElement[bool] | TextClause]:
    if filters.status == "unsolved":
        yield UNSOLVED
    elif filters.status in set(Status):
        yield Ticket.status == Status(filters.status)
    if filters.queue:
        yield Ticket.queue_id.in_(select(Queue.id).where(Queue.slug == filters.queue))
    if filters.topic:
        yield Ticket.topic_id.in_(select(Topic.id).where(Topic.slug == filters.topic))
    if filters.priority in set(Priority):
        yield Ticket.priority == Priority(filters.priority)
    if filters.channel in set(Channel):
        yield Ticket.channel == Channel(filters.channel)
    if filters.category:
        yield Ticket.category == filters.category
    if filters.is_unsure:
        yield Ticket.is_unsure.is_(True)
    yield from _agent_conditions(actor, filters.agent)
    yield from _date_conditions(filters)


def _agent_conditions(actor: Actor, agent: str) -> Iterator[ColumnElement[bool]]:
    if agent == "me":
        yield Ticket.agent_id == actor.id
    elif agent == "none":
        yield Ticket.agent_id.is_(None)
    elif agent.isascii() and agent.isdecimal() and len(agent) < 10:
        yield Ticket.agent_id == int(agent)


def _date_conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.opened_from:
        yield Ticket.opened_at >= _midnight(filters.opened_from)
    if filters.opened_to:
        yield Ticket.opened_at < _midnight(filters.opened_to + timedelta(days=1))


def _midnight(day: date) -> datetime:
    """The beginning of a day where the helpdesk is."""
    return datetime.combine(day, time(), hours.ZONE)


SCOPES = ("mine", "organisation", "following")


def mine(db: Session, actor: Actor, scope: str, shown: Window, *, status: str = "") -> Page[Ticket]:
    """A requester's list, the last active first: own tickets, the sharing organisation's, or those followed."""
    if scope == "organisation":
        condition = _shared(actor)
    elif scope == "following":
        followed = select(Follow.object_id).where(Follow.user_id == actor.id, Follow.kind == KIND)
        condition = and_(Ticket.id.in_(followed), _readable(actor))
    else:
        condition = Ticket.requester_id == actor.id if actor.id is not None else false()
    wanted = select(Ticket).where(condition).options(*BRIEF).order_by(Ticket.last_message_at.desc(), Ticket.id.desc())
    if status == "unsolved":
        wanted = wanted.where(UNSOLVED)
    elif status in set(Status):
        wanted = wanted.where(Ticket.status == Status(status))
    return page(db.scalars(wanted.offset(shown.offset).limit(shown.limit + 1)).all(), shown)


def recent_of_requester(db: Session, actor: Actor, ticket: Ticket, limit: int = 8) -> list[Ticket]:
    """The newest other tickets of the same requester or organisation that `actor` may read."""
    same = [Ticket.requester_id == ticket.requester_id] if ticket.requester_id is not None else []
    if ticket.organisation_id is not None:
        same.append(Ticket.organisation_id == ticket.organisation_id)
    if not same:
        return []
    wanted = select(Ticket).where(or_(*same), Ticket.id != ticket.id, _readable(actor))
    return list(db.scalars(wanted.order_by(Ticket.last_message_at.desc()).limit(limit)))


def messages(db: Session, ticket: Ticket, *, with_notes: bool) -> list[Message]:
    """A ticket's thread with its attachments, oldest first; notes only for those who may work on it."""
    wanted = select(Message).where(Message.ticket_id == ticket.id)
    if not with_notes:
        wanted = wanted.where(Message.kind != MessageKind.NOTE)
    wanted = wanted.options(joinedload(Message.attachments).joinedload(Attachment.file))
    return list(db.scalars(wanted.order_by(Message.created_at, Message.id)).unique())


def changes(db: Session, ticket: Ticket) -> list[TicketChange]:
    """A ticket's history, oldest first."""
    wanted = select(TicketChange).where(TicketChange.ticket_id == ticket.id)
    return list(db.scalars(wanted.order_by(TicketChange.at, TicketChange.id)))


def linked_clauses(db: Session, ticket: Ticket) -> list[Clause]:
    """The clauses that agents linked, with the document each belongs to."""
    wanted = select(Clause).join(ClauseLink, ClauseLink.clause_id == Clause.id)
    wanted = wanted.where(ClauseLink.ticket_id == ticket.id).order_by(ClauseLink.at)
    return list(db.scalars(wanted.options(joinedload(Clause.version).joinedload(DocumentVersion.document))))


def attachment(db: Session, actor: Actor, file_id: int) -> FileRow:
    """A stored file of a ticket that `actor` may read; files of notes only for those who may work on it.

    Raises:
        NotFound: it does not exist, or is hidden from `actor`.
    """
    is_open_message = and_(Message.kind != MessageKind.NOTE, Message.ticket_id.in_(visible(actor)))
    wanted = (
        select(FileRow)
        .join(Attachment, Attachment.file_id == FileRow.id)
        .join(Message, Message.id == Attachment.message_id)
        .where(FileRow.id == file_id, or_(is_open_message, Message.ticket_id.in_(workable(actor))))
    )
    found = db.scalar(wanted)
    if found is None:
        raise NotFound("There is no such file, or it is not one that you may see.")
    return found


def can_read(db: Session, actor: Actor, ticket: Ticket) -> bool:
    """Whether `actor` may read this ticket now; asked before every mail to a follower."""
    return bool(db.scalar(select(exists().where(Ticket.id == ticket.id, _readable(actor)))))


def documents(db: Session, *, after_seq: int = 0, ids: Sequence[int] | None = None) -> Iterator[Document]:
    """Tickets as the indexes know them. Notes never; a restricted ticket only as deleted."""
    wanted = select(Ticket.id).where(Ticket.seq > after_seq).order_by(Ticket.seq)
    found = list(db.scalars(wanted if ids is None else wanted.where(Ticket.id.in_(ids))))
    for start in range(0, len(found), CHUNK):
        yield from _documents_of(db, found[start : start + CHUNK])


def _documents_of(db: Session, ids: Sequence[int]) -> Iterator[Document]:
    rows = select(Ticket, Queue.is_restricted, Topic.slug).join(Queue, Queue.id == Ticket.queue_id)
    rows = rows.outerjoin(Topic, Topic.id == Ticket.topic_id).where(Ticket.id.in_(ids)).order_by(Ticket.seq)
    bodies = _public_text(db, ids)
    for ticket, is_restricted, topic in db.execute(rows):
        subject, body = ("", "") if is_restricted else (ticket.subject, bodies.get(ticket.id, ""))
        yield Document(
            kind=KIND,
            id=ticket.id,
            seq=ticket.seq,
            title=subject,
            body=body,
            texts=(subject, f"{subject} {body[:EXCERPT_LENGTH]}".strip()),
            reference=ticket.reference,
            organisation_id=ticket.organisation_id,
            categories=(ticket.category,) if ticket.category else (),
            topic=topic or "",
            created_at=ticket.opened_at,
            is_solved=ticket.status.is_done,
            is_deleted=is_restricted,
        )


def _public_text(db: Session, ids: Sequence[int]) -> dict[int, str]:
    """What requester and helpdesk wrote to each other, by ticket, as plain text."""
    wanted = select(Message.ticket_id, Message.body, Message.body_format)
    wanted = wanted.where(Message.ticket_id.in_(ids), Message.kind != MessageKind.NOTE)
    parts: defaultdict[int, list[str]] = defaultdict(list)
    for ticket_id, body, body_format in db.execute(wanted.order_by(Message.created_at, Message.id)):
        parts[ticket_id].append(plain(body, body_format) if body_format == "html" else body)
    return {ticket_id: "\n\n".join(found) for ticket_id, found in parts.items()}


def cards(db: Session, actor: Actor, ids: Sequence[int]) -> list[Card]:
    """Tickets that `actor` may read, in the order of `ids`. Staff are led to the desk.

    Without an excerpt: whoever shows one reads the words in the search index, which has every message of a ticket.
    """
    wanted = select(Ticket).where(Ticket.id.in_(ids), _readable(actor))
    found = {ticket.id: ticket for ticket in db.scalars(wanted)}
    folder = "/desk/tickets" if actor.is_staff else "/tickets"
    return [
        Card(
            kind=KIND,
            id=ticket.id,
            title=ticket.subject,
            url=f"{folder}/{ticket.reference}",
            excerpt="",
            facts={"reference": ticket.reference, "status": ticket.status, "date": ticket.opened_at},
        )
        for ticket in (found[one] for one in ids if one in found)
    ]


SOURCE = Source(kind=KIND, documents=documents, visible=visible, cards=cards, model=Ticket)
