"""What every use case of tickets leaves behind: messages, lines of history, index events and promised mails."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.kernel import changes, clock, jobs, mail
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.events import publish
from helpdesk.kernel.models import FileRow
from helpdesk.kernel.policy import Actor
from helpdesk.tickets.enums import MessageKind
from helpdesk.tickets.events import MessageAdded, TicketCorrected
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketChange

KIND = "ticket"  # of its Source, of follows, of audit rows and of citations


def checked(text: str, length: int, name: str) -> str:
    """`text` without surrounding space.

    Raises:
        Invalid: it is empty or longer than `length` characters.
    """
    clean = text.replace("\x00", "").strip()
    if not clean:
        raise Invalid(f"The {name} is empty. Write it, then send again.")
    if len(clean) > length:
        raise Invalid(f"The {name} is longer than {length:,} characters. Shorten it, or attach it as a file.")
    return clean


def reference(number: int) -> str:
    """The public name of the ticket with this number, as in SP-000123."""
    return f"SP-{number:06}"


def written(
    actor: Actor, ticket: Ticket, kind: MessageKind, body: str, at: datetime, body_format: str = "markdown"
) -> Message:
    """A message by `actor`; anything but a message from the requester's side is staff's."""
    return Message(
        ticket_id=ticket.id,
        kind=kind,
        body=body,
        body_format=body_format,
        author_id=actor.id,
        author_name=actor.name,
        author_email=actor.email,
        is_staff=kind is not MessageKind.MESSAGE,
        created_at=at,
    )


def add(db: Session, message: Message, attachments: Sequence[FileRow]) -> Message:
    """Keep a message with its files."""
    db.add(message)
    db.flush()
    db.add_all(Attachment(message_id=message.id, file_id=file.id) for file in attachments)
    return message


def announce(db: Session, message: Message) -> None:
    publish(db, MessageAdded(message.ticket_id, message.id, message.kind))


def check_unread(db: Session, actor: Actor, ticket: Ticket, seen: int | None, *, with_notes: bool) -> None:
    """Make sure that `actor` has read what others wrote; the ticket's lock holds back who writes at this moment.

    Raises:
        Conflict: somebody wrote after the message with the id `seen`.
    """
    if seen is None:
        return
    db.scalar(select(Ticket.id).where(Ticket.id == ticket.id).with_for_update())
    by_others = or_(Message.author_id.is_(None), Message.author_id != actor.id)
    newer = select(func.count()).where(Message.ticket_id == ticket.id, Message.id > seen, by_others)
    if not with_notes:
        newer = newer.where(Message.kind != MessageKind.NOTE)
    if db.scalar(newer):
        raise Conflict("Somebody wrote while you were writing. Read what is new below, then send again.")


def change(
    db: Session, actor: Actor, ticket: Ticket, field: str, old: str, new: str, at: datetime | None = None
) -> None:
    """Add a line to the ticket's history."""
    moment = at or clock.now()
    ticket.updated_at = moment
    row = TicketChange(ticket_id=ticket.id, actor_id=actor.id, actor_name=actor.name, field=field, at=moment)
    row.old, row.new = old[:200], new[:200]
    db.add(row)


def index(db: Session, ticket: Ticket) -> None:
    """Let the indexes follow a change of text, visibility or standing."""
    changes.changed(db, KIND, ticket)


def corrected(db: Session, actor: Actor, ticket: Ticket, field: str, old: str, new: str) -> None:
    """Store what an agent knows better, for learning."""
    publish(db, TicketCorrected(ticket.id, field, old, new, actor.id))


def notify(
    db: Session, ticket: Ticket, occasion: str, *, message_id: int | None = None, by: Actor | None = None
) -> None:
    """Promise the mails of one occasion; who gets them is decided when they are made."""
    if not mail.is_silent():
        jobs.enqueue(
            db,
            "tickets.notify",
            ticket_id=ticket.id,
            occasion=occasion,
            message_id=message_id,
            by_id=by.id if by else None,
            token=f"mail:{secrets.token_hex(16)}",  # so that a job whose worker died after it mails once
        )
