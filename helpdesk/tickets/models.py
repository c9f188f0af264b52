"""Tables of tickets: queues, topics, tickets, messages, changes and kept counts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Organisation, User
from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.kernel.models import FileRow
from helpdesk.tickets.enums import Audience, Channel, MessageKind, Priority, Status

# Written as constants, because both databases use a partial index only for the very words it was made with.
UNSOLVED = text("tickets.status NOT IN ('solved', 'closed')")
_UNSOLVED_ROWS = text("status NOT IN ('solved', 'closed')")


def _words(kind: type[Status | Priority | Audience | Channel | MessageKind]) -> Enum:
    """A column of an enumeration's values, kept as plain words so that a new one needs no migration."""
    return Enum(kind, native_enum=False, length=24, values_callable=lambda members: [one.value for one in members])


class Queue(Base):
    """A team's queue. Restricted ones are read by their named members only."""

    __tablename__ = "queues"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    is_restricted: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)

    members: Mapped[list["QueueMember"]] = relationship(back_populates="queue", lazy="raise")
    topics: Mapped[list["Topic"]] = relationship(back_populates="queue", lazy="raise")


class QueueMember(Base):
    __tablename__ = "queue_members"

    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)

    queue: Mapped[Queue] = relationship(back_populates="members", lazy="raise")


class Topic(Base):
    """One entry of the staff's fixed list of topics, with the team and priority it usually gets."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(500), default="")
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    default_priority: Mapped[Priority] = mapped_column(_words(Priority), default=Priority.NORMAL)
    position: Mapped[int] = mapped_column(default=0)

    queue: Mapped[Queue] = relationship(back_populates="topics", lazy="raise_on_sql")


class Ticket(Base):
    """An enquiry to the helpdesk and where it stands."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        Index("ix_tickets_unsolved", "last_message_at", sqlite_where=_UNSOLVED_ROWS, postgresql_where=_UNSOLVED_ROWS),
        Index("ix_tickets_queue_last_message", "queue_id", "status", "last_message_at"),
        Index("ix_tickets_status_last_message", "status", "last_message_at"),
        Index("ix_tickets_agent_last_message", "agent_id", "status", "last_message_at"),
        Index("ix_tickets_topic_opened", "topic_id", "opened_at"),
        Index("ix_tickets_requester_last_message", "requester_id", "last_message_at"),
        Index("ix_tickets_organisation_last_message", "organisation_id", "last_message_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    subject: Mapped[str] = mapped_column(String(200))
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    requester_name: Mapped[str] = mapped_column(String(200), default="")
    requester_email: Mapped[str] = mapped_column(String(254), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    category: Mapped[str] = mapped_column(String(40), default="")  # of the organisation, on the day it asked
    audience: Mapped[Audience] = mapped_column(_words(Audience), default=Audience.HELPDESK)
    channel: Mapped[Channel] = mapped_column(_words(Channel), default=Channel.WEB)
    status: Mapped[Status] = mapped_column(_words(Status), default=Status.NEW)
    priority: Mapped[Priority] = mapped_column(_words(Priority), default=Priority.NORMAL)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topics.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    rule: Mapped[str] = mapped_column(String(40), default="")  # the hard rule that routed it
    prediction: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    is_unsure: Mapped[bool] = mapped_column(default=False, index=True)  # the prediction's, for the desk's filter
    opened_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    first_response_at: Mapped[datetime | None]
    first_response_minutes: Mapped[int | None]  # working minutes since it was opened
    solved_at: Mapped[datetime | None] = mapped_column(index=True)
    resolution_minutes: Mapped[int | None]  # working minutes since it was opened
    reopen_count: Mapped[int] = mapped_column(default=0)
    last_message_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    question_id: Mapped[int | None] = mapped_column(index=True)  # the community question it grew from
    seq: Mapped[int] = mapped_column(default=0, index=True)
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(120))
    is_generated: Mapped[bool] = mapped_column(default=False)

    # Queues and topics are few: a page loads them all, and tickets find theirs in the session.
    queue: Mapped[Queue] = relationship(lazy="raise_on_sql")
    topic: Mapped[Topic | None] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    agent: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[agent_id])
    messages: Mapped[list["Message"]] = relationship(
        back_populates="ticket", lazy="raise", order_by="(Message.created_at, Message.id)"
    )


class Message(Base):
    """One contribution to a ticket: by its requester's side, by the helpdesk, or a note between staff."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_ticket_created", "ticket_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    kind: Mapped[MessageKind] = mapped_column(_words(MessageKind))
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    author_name: Mapped[str] = mapped_column(String(200), default="")
    author_email: Mapped[str] = mapped_column(String(254), default="")
    is_staff: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    source_id: Mapped[str | None] = mapped_column(String(120))

    ticket: Mapped[Ticket] = relationship(back_populates="messages", lazy="raise")
    attachments: Mapped[list["Attachment"]] = relationship(back_populates="message", lazy="raise")


class Attachment(Base):
    __tablename__ = "attachments"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), primary_key=True, unique=True)

    message: Mapped[Message] = relationship(back_populates="attachments", lazy="raise")
    file: Mapped[FileRow] = relationship(lazy="raise")


class TicketChange(Base):
    """One line of a ticket's history: who changed what, from what, to what; an empty actor is the program."""

    __tablename__ = "ticket_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor_name: Mapped[str] = mapped_column(String(200), default="")
    field: Mapped[str] = mapped_column(String(20))
    old: Mapped[str] = mapped_column(String(200), default="")
    new: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)


class ClauseLink(Base):
    """A clause of the code that an agent says bears on the ticket."""

    __tablename__ = "ticket_clauses"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    clause_id: Mapped[int] = mapped_column(ForeignKey("clauses.id"), primary_key=True, index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class QueueCount(Base):
    """How many tickets stand in a queue, in a status, with an agent (0: nobody); kept, never counted on load."""

    __tablename__ = "queue_counts"

    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"), primary_key=True)
    status: Mapped[Status] = mapped_column(_words(Status), primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True, default=0)
    count: Mapped[int] = mapped_column(default=0)
