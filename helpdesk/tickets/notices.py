"""Who is mailed about a ticket, and what the mail holds."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import queries as people
from helpdesk.accounts.enums import Notice, UserState
from helpdesk.accounts.models import User
from helpdesk.kernel import mail
from helpdesk.tickets import hours, queries, queues, records, routing
from helpdesk.tickets.enums import MessageKind
from helpdesk.tickets.models import Message, Queue, Ticket

# Which choice of a follower each occasion asks; who is not named here is told whatever they chose.
FOLLOWED = {
    "reply": Notice.TICKET_REPLY,
    "message": Notice.TICKET_REPLY,
    "solved": Notice.TICKET_SOLVED,
    "reopened": Notice.TICKET_SOLVED,
}
TO_AGENT = {"message", "reopened", "assigned"}
TO_OUTSIDER = {"reply", "solved"}  # a requester without an account hears by e-mail alone


def send(db: Session, ticket_id: int, occasion: str, message_id: int | None = None, by_id: int | None = None) -> None:
    """Promise the mails of one occasion: nobody hears of their own act, of a note, or of what they may not read."""
    wanted = (
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .options(joinedload(Ticket.queue).joinedload(Queue.members), joinedload(Ticket.agent))
    )
    ticket = db.scalars(wanted).unique().one()
    message = db.get(Message, message_id) if message_id is not None else None
    context = _context(ticket, message)
    # Who heard of the reply that solved it is not told of the same act again.
    sent = {address for address, _ in _readers(db, ticket, "reply", by_id)} if _is_told(db, ticket, occasion) else set()
    for address, folder in _readers(db, ticket, occasion, by_id):
        if address not in sent:
            sent.add(address)
            path = f"{folder}/{ticket.reference}" if folder else ""
            mail.outbox(db, f"tickets/{occasion}", address, {**context, "path": path})


def _is_told(db: Session, ticket: Ticket, occasion: str) -> bool:
    """Whether a reply, which has a mail of its own, says already what happened: “Send and solve” is one act."""
    if occasion != "solved" or ticket.solved_at is None:
        return False
    is_reply = (Message.ticket_id == ticket.id, Message.kind == MessageKind.REPLY)
    return bool(db.scalar(select(exists().where(*is_reply, Message.created_at == ticket.solved_at))))


def _readers(db: Session, ticket: Ticket, occasion: str, by_id: int | None) -> Iterator[tuple[str, str]]:
    """Addresses, each with the part of the site in which its reader opens tickets; none without an account."""
    if occasion == "received":
        if ticket.requester_email:
            yield ticket.requester_email, "/tickets" if ticket.requester_id is not None else ""
        return
    agent = ticket.agent
    if occasion in TO_AGENT and agent is not None and agent.id != by_id and _works(agent, ticket.queue):
        yield agent.email or "", "/desk/tickets"
    if occasion in TO_OUTSIDER and ticket.requester_id is None and ticket.requester_email:
        yield ticket.requester_email, ""
    if occasion in FOLLOWED:
        for actor, address in people.followers(db, records.KIND, ticket.id, FOLLOWED[occasion]):
            if actor.id != by_id and queries.can_read(db, actor, ticket):
                is_own = actor.id == ticket.requester_id
                yield address, "/desk/tickets" if actor.is_staff and not is_own else "/tickets"


def _works(agent: User, queue: Queue) -> bool:
    """Whether a ticket's agent still is one: who left, or left the queue, keeps old tickets but hears nothing."""
    return agent.state is UserState.ACTIVE and bool(agent.email) and queues.may_work(agent, queue)


def _context(ticket: Ticket, message: Message | None) -> dict[str, Any]:
    """What a mail may hold; of a restricted ticket nothing but its reference leaves the site."""
    is_restricted = ticket.queue.is_restricted
    rule = routing.by_name(ticket.rule)
    return {
        "reference": ticket.reference,
        "subject": "Your enquiry" if is_restricted else ticket.subject,
        "name": ticket.requester_name,
        "is_restricted": is_restricted,
        "author": message.author_name if message else "",
        "body": message.body if message and not is_restricted else "",
        "body_format": message.body_format if message else "markdown",
        "is_solved": message is not None and message.created_at == ticket.solved_at,
        "due": local(hours.first_reply_due(ticket.opened_at, ticket.priority)),
        "hand_over": rule.hand_over if rule else "",
    }


def local(moment: datetime) -> str:
    """The moment in the helpdesk's zone, which is named: a mail's reader may be anywhere."""
    at = moment.astimezone(hours.ZONE)
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M} ({at:%Z}, London)"
