"""Use cases of tickets: open, write, assign, correct, solve and reopen. Every door ends here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.models import Follow, User
from helpdesk.kernel import audit, clock, sequences
from helpdesk.kernel.errors import Conflict, Forbidden
from helpdesk.kernel.events import publish
from helpdesk.kernel.models import FileRow
from helpdesk.kernel.policy import SYSTEM, Actor, require
from helpdesk.rulebook.models import Clause
from helpdesk.tickets import counts, hours, opening, queries, queues, records, routing
from helpdesk.tickets.enums import Audience, Channel, MessageKind, Priority, Status
from helpdesk.tickets.events import ClauseLinked, TicketAssigned, TicketOpened, TicketReopened, TicketSolved
from helpdesk.tickets.models import ClauseLink, Message, Queue, Ticket, TicketChange, Topic
from helpdesk.tickets.policy import RULES, Can, is_requester, works_queue

SUBJECT_LENGTH = 200  # characters, as in the table
BODY_LENGTH = 20_000  # characters; longer matter belongs in an attachment


def open_ticket(
    db: Session,
    actor: Actor,
    *,
    subject: str,
    body: str,
    audience: str = Audience.HELPDESK,
    channel: str = Channel.WEB,
    requester_id: int | None = None,
    requester_name: str = "",
    requester_email: str = "",
    organisation_id: int | None = None,
    topic: str | None = None,
    priority: str | None = None,
    body_format: str = "markdown",
    at: datetime | None = None,
    attachments: Sequence[FileRow] = (),
    is_generated: bool = False,
    source: str | None = None,
    source_id: str | None = None,
) -> Ticket:
    """Open a ticket for `actor`, or by staff for somebody who telephoned or wrote.

    A hard rule decides over queue and audience, whatever was chosen. `topic` is a topic's slug.

    Raises:
        Forbidden: `actor` has no account, or names another requester and is not staff.
        Invalid: subject or text is missing or too long, or staff did not say who asks.
    """
    require(RULES, actor, Can.OPEN)
    subject, body = records.checked(subject, SUBJECT_LENGTH, "subject"), records.checked(body, BODY_LENGTH, "text")
    moment = at or clock.now()
    user = opening.requester(db, actor, requester_id, requester_name, requester_email)
    organisation = opening.organisation(db, user, organisation_id)
    rule = routing.match(f"{subject}\n{body}")
    chosen = queries.topic_by_slug(db, topic) if topic else None
    ticket = Ticket(
        reference=records.reference(sequences.take(db, "ticket.reference")),
        subject=subject,
        requester_id=user.id if user else None,
        requester_name=user.name if user else requester_name.strip(),
        requester_email=(user.email or "" if user else requester_email.strip().lower()),
        organisation=organisation,
        organisation_id=organisation.id if organisation else None,
        category=organisation.category if organisation else "",
        audience=opening.audience(Audience(audience), organisation, rule),
        channel=Channel(channel),
        status=Status.NEW,
        priority=opening.priority(priority, chosen, rule),
        topic=chosen,
        topic_id=chosen.id if chosen else None,
        queue=queues.for_new_ticket(db, chosen, rule),
        rule=rule.name if rule else "",
        opened_at=moment,
        last_message_at=moment,
        updated_at=moment,
        is_generated=is_generated,
        source=source,
        source_id=source_id,
    )
    db.add(ticket)
    db.flush()
    counts.enter(db, ticket)
    first = Message(
        ticket_id=ticket.id,
        kind=MessageKind.MESSAGE,
        body=body,
        body_format=body_format,
        author_id=ticket.requester_id,
        author_name=ticket.requester_name,
        author_email=ticket.requester_email,
        created_at=moment,
    )
    records.add(db, first, attachments)
    if user is not None:
        db.add(Follow(user_id=user.id, kind=records.KIND, object_id=ticket.id))
    if rule is not None:
        details = {"rule": rule.name, "queue": ticket.queue.slug}
        audit.record(db, actor, "ticket.routed_by_rule", records.KIND, ticket.id, **details)
    records.index(db, ticket)
    publish(db, TicketOpened(ticket.id))
    records.notify(db, ticket, "received")
    return ticket


def reply(
    db: Session,
    actor: Actor,
    ticket: Ticket,
    body: str,
    at: datetime | None = None,
    *,
    status: str | None = None,
    attachments: Sequence[FileRow] = (),
    seen: int | None = None,
    body_format: str = "markdown",
) -> Message:
    """Add what everybody who may read the ticket reads: the helpdesk's reply, or a message from the requester's side.

    Staff may send a `status` with it. A message from the requester's side reopens a solved ticket. `seen` is the id
    of the last message that the writer had before them.

    Raises:
        Forbidden: `actor` may read the ticket at most.
        Conflict: the ticket is closed, or somebody else wrote after `seen`.
        Invalid: the text is missing or too long.
    """
    require(RULES, actor, Can.REPLY, ticket)
    body, moment = records.checked(body, BODY_LENGTH, "text"), at or clock.now()
    if ticket.status is Status.CLOSED:
        raise Conflict("This ticket is closed. Open a new one, and name its reference.")
    is_staff = works_queue(actor, ticket) and not is_requester(actor, ticket)
    records.check_unread(db, actor, ticket, seen, with_notes=is_staff)
    kind = MessageKind.REPLY if is_staff else MessageKind.MESSAGE
    message = records.add(db, records.written(actor, ticket, kind, body, moment, body_format), attachments)
    ticket.last_message_at = ticket.updated_at = moment
    records.announce(db, message)
    records.notify(db, ticket, kind, message_id=message.id, by=actor)
    if is_staff:
        _first_response(ticket, moment)
        _after_reply(db, actor, ticket, Status(status) if status else None, moment)
    else:
        _after_message(db, actor, ticket, moment)
        _hold_to_rules(db, actor, ticket, body, moment)
    records.index(db, ticket)
    return message


def _hold_to_rules(db: Session, actor: Actor, ticket: Ticket, body: str, at: datetime) -> None:
    """What the requester's side reports later goes where it would have gone at once."""
    rule = routing.match(body)
    if rule is None or rule.queue is None or ticket.queue.is_restricted:
        return
    queue = queues.ensure(db, rule.queue)
    _move_queue(db, SYSTEM, ticket, queue, at)
    ticket.rule = rule.name
    audit.record(db, actor, "ticket.routed_by_rule", records.KIND, ticket.id, rule=rule.name, queue=queue.slug)


def note(
    db: Session,
    actor: Actor,
    ticket: Ticket,
    body: str,
    at: datetime | None = None,
    *,
    attachments: Sequence[FileRow] = (),
) -> Message:
    """Add a note that only those who may work on the ticket read. Nobody is mailed.

    Raises:
        Forbidden: `actor` may not work on this ticket.
        Invalid: the text is missing or too long.
    """
    require(RULES, actor, Can.NOTE, ticket)
    body, moment = records.checked(body, BODY_LENGTH, "note"), at or clock.now()
    message = records.add(db, records.written(actor, ticket, MessageKind.NOTE, body, moment), attachments)
    ticket.updated_at = moment
    records.announce(db, message)
    return message


def assign(db: Session, actor: Actor, ticket: Ticket, agent: User | None, at: datetime | None = None) -> None:
    """Give `ticket` to `agent`, or to nobody.

    Raises:
        Forbidden: `actor` may not assign this ticket, or `agent` may not read it.
    """
    require(RULES, actor, Can.ASSIGN, ticket)
    if agent is not None and not queues.may_work(agent, ticket.queue):
        raise Forbidden(f"{agent.name} does not work in the queue {ticket.queue.name}. Choose one of its members.")
    if ticket.agent_id == (agent.id if agent else None):
        return
    before = db.get(User, ticket.agent_id) if ticket.agent_id else None
    counts.move(db, ticket, agent_id=agent.id if agent else None)
    ticket.agent = agent
    records.change(db, actor, ticket, "agent", before.name if before else "", agent.name if agent else "", at)
    publish(db, TicketAssigned(ticket.id, ticket.agent_id))
    records.notify(db, ticket, "assigned", by=actor)


def correct(
    db: Session,
    actor: Actor,
    ticket: Ticket,
    *,
    topic: Topic | None,
    priority: Priority,
    queue: Queue,
    at: datetime | None = None,
) -> None:
    """Set topic, priority and team as an agent says; what differs is stored for learning.

    Raises:
        Forbidden: `actor` may not triage this ticket.
    """
    set_topic(db, actor, ticket, topic, at)
    set_priority(db, actor, ticket, priority, at)
    set_queue(db, actor, ticket, queue, at)


def set_topic(db: Session, actor: Actor, ticket: Ticket, topic: Topic | None, at: datetime | None = None) -> None:
    require(RULES, actor, Can.TRIAGE, ticket)
    if ticket.topic_id == (topic.id if topic else None):
        return
    before = db.get(Topic, ticket.topic_id) if ticket.topic_id else None
    ticket.topic, ticket.topic_id = topic, topic.id if topic else None
    records.change(db, actor, ticket, "topic", before.name if before else "", topic.name if topic else "", at)
    records.index(db, ticket)
    records.corrected(db, actor, ticket, "topic", before.slug if before else "", topic.slug if topic else "")


def set_priority(db: Session, actor: Actor, ticket: Ticket, priority: Priority, at: datetime | None = None) -> None:
    require(RULES, actor, Can.TRIAGE, ticket)
    before = ticket.priority
    if before is priority:
        return
    ticket.priority = priority
    records.change(db, actor, ticket, "priority", before, priority, at)
    records.corrected(db, actor, ticket, "priority", before, priority)


def set_queue(db: Session, actor: Actor, ticket: Ticket, queue: Queue, at: datetime | None = None) -> None:
    """Hand the ticket to another team. A restricted one takes it from the requester's colleagues for good."""
    require(RULES, actor, Can.TRIAGE, ticket)
    before = ticket.queue
    if before.id == queue.id:
        return
    _move_queue(db, actor, ticket, queue, at)
    records.corrected(db, actor, ticket, "queue", before.slug, queue.slug)


def _move_queue(db: Session, actor: Actor, ticket: Ticket, queue: Queue, at: datetime | None) -> None:
    before = ticket.queue
    agent = db.get(User, ticket.agent_id) if ticket.agent_id else None
    keeps_agent = agent is None or queues.may_work(agent, queue)
    counts.move(db, ticket, queue=queue, agent_id=counts.SAME if keeps_agent else None)
    ticket.agent = agent if keeps_agent else None
    if queue.is_restricted:
        ticket.audience = Audience.HELPDESK
    if queue.is_restricted or before.is_restricted:
        audit.record(db, actor, "ticket.moved", records.KIND, ticket.id, old=before.slug, new=queue.slug)
    records.change(db, actor, ticket, "queue", before.name, queue.name, at)
    records.index(db, ticket)


def set_status(db: Session, actor: Actor, ticket: Ticket, status: Status, at: datetime | None = None) -> None:
    """Say where the ticket stands.

    Raises:
        Forbidden: `actor` may not work on this ticket.
    """
    require(RULES, actor, Can.SET_STATUS, ticket)
    if status.is_done and not ticket.status.is_done:
        solve(db, actor, ticket, at)
    elif ticket.status.is_done and not status.is_done:
        reopen(db, actor, ticket, at)
    if ticket.status is not status:
        _move_status(db, actor, ticket, status, at)


def solve(db: Session, actor: Actor, ticket: Ticket, at: datetime | None = None) -> None:
    """Mark the ticket solved and tell its requester and followers.

    Raises:
        Forbidden: `actor` is neither its requester nor works its queue.
        Conflict: it was solved in the meantime.
    """
    require(RULES, actor, Can.SOLVE, ticket)
    _lock(db, ticket)
    if ticket.status.is_done:
        raise Conflict("This ticket was solved while you were looking at it.")
    moment = at or clock.now()
    _move_status(db, actor, ticket, Status.SOLVED, moment)
    ticket.solved_at = moment
    ticket.resolution_minutes = hours.working_minutes(ticket.opened_at, moment)
    records.index(db, ticket)
    publish(db, TicketSolved(ticket.id))
    records.notify(db, ticket, "solved", by=actor)


def reopen(db: Session, actor: Actor, ticket: Ticket, at: datetime | None = None) -> None:
    """Take up a solved ticket again and tell its agent.

    Raises:
        Forbidden: `actor` may read the ticket at most.
        Conflict: it is not solved.
    """
    require(RULES, actor, Can.REOPEN, ticket)
    _lock(db, ticket)
    if not ticket.status.is_done:
        raise Conflict("This ticket is open already.")
    _move_status(db, actor, ticket, Status.OPEN, at or clock.now())
    ticket.solved_at = ticket.resolution_minutes = None
    ticket.reopen_count += 1
    records.index(db, ticket)
    publish(db, TicketReopened(ticket.id))
    records.notify(db, ticket, "reopened", by=actor)


def link_clause(db: Session, actor: Actor, ticket: Ticket, clause: Clause) -> None:
    """Say that a clause of the code bears on the ticket. Safe to repeat."""
    require(RULES, actor, Can.LINK_CLAUSE, ticket)
    if db.get(ClauseLink, (ticket.id, clause.id)) is None:
        db.add(ClauseLink(ticket_id=ticket.id, clause_id=clause.id, by_id=actor.id))
        records.change(db, actor, ticket, "clause", "", clause.number)
        publish(db, ClauseLinked(ticket.id, clause.id, is_linked=True))


def unlink_clause(db: Session, actor: Actor, ticket: Ticket, clause: Clause) -> None:
    require(RULES, actor, Can.LINK_CLAUSE, ticket)
    link = db.get(ClauseLink, (ticket.id, clause.id))
    if link is not None:
        db.delete(link)
        records.change(db, actor, ticket, "clause", clause.number, "")
        publish(db, ClauseLinked(ticket.id, clause.id, is_linked=False))


def apply_prediction(db: Session, ticket_id: int, prediction: dict[str, Any]) -> None:
    """Keep what the model thinks; a sure one fills in what nobody has chosen yet.

    `prediction` has topic, priority and queue (each slug, name, probability), reasons, is_unsure and model. It never
    moves a ticket that a rule or a person has placed, nor one into or out of a restricted queue.
    """
    ticket = db.scalar(select(Ticket).where(Ticket.id == ticket_id).options(joinedload(Ticket.queue)))
    if ticket is None:
        return
    ticket.prediction, ticket.is_unsure = prediction, bool(prediction.get("is_unsure"))
    if ticket.is_unsure or ticket.rule or ticket.queue.is_restricted or ticket.status is not Status.NEW:
        return
    by_hand = TicketChange.field.in_(["topic", "priority", "queue"])
    is_placed = select(exists().where(TicketChange.ticket_id == ticket.id, by_hand))
    if ticket.topic_id is not None or db.scalar(is_placed):
        return
    ticket.topic = queries.topic_by_slug(db, prediction["topic"]["slug"])
    ticket.topic_id = ticket.topic.id if ticket.topic else None
    ticket.priority = Priority(prediction["priority"]["slug"])
    queue = db.scalar(select(Queue).where(Queue.slug == prediction["queue"]["slug"], ~Queue.is_restricted))
    if queue is not None:
        counts.move(db, ticket, queue=queue)
    records.index(db, ticket)


def _lock(db: Session, ticket: Ticket) -> None:
    """Wait for who changes the ticket at this moment, and see what they made of it."""
    db.refresh(ticket, ["status", "reopen_count"], with_for_update=True)


def _first_response(ticket: Ticket, at: datetime) -> None:
    if ticket.first_response_at is None:
        ticket.first_response_at = at
        ticket.first_response_minutes = hours.working_minutes(ticket.opened_at, at)


def _after_reply(db: Session, actor: Actor, ticket: Ticket, wanted: Status | None, at: datetime) -> None:
    """Move the ticket where staff want it; without a wish a new one is open, and any other stays."""
    if wanted is None:
        wanted = Status.OPEN if ticket.status is Status.NEW else ticket.status
    if wanted is not ticket.status:
        set_status(db, actor, ticket, wanted, at)


def _after_message(db: Session, actor: Actor, ticket: Ticket, at: datetime) -> None:
    """A message from the requester's side reopens a solved ticket and ends the waiting for it."""
    if ticket.status is Status.SOLVED:
        reopen(db, actor, ticket, at)
    elif ticket.status is Status.WAITING_REQUESTER:
        _move_status(db, actor, ticket, Status.OPEN, at)


def _move_status(db: Session, actor: Actor, ticket: Ticket, status: Status, at: datetime | None) -> None:
    before = ticket.status
    counts.move(db, ticket, status=status)
    records.change(db, actor, ticket, "status", before, status, at)
