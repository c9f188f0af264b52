"""Tables of people, organisations and what belongs to one person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.enums import Category, Purpose, UserRole, UserState
from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.kernel.policy import STAFF, Role


def _word(kind: type[StrEnum]) -> Enum:
    """Kept as the word itself, so that a new word needs no change of type in the database."""
    return Enum(kind, native_enum=False, length=40, values_callable=lambda words: [word.value for word in words])


class VotingGroup(Base):
    """Parties that are related and vote as one."""

    __tablename__ = "voting_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Organisation(Base):
    """A Party to the code, or another body whose people use the platform."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    category: Mapped[Category] = mapped_column(_word(Category), index=True)
    voting_group_id: Mapped[int | None] = mapped_column(ForeignKey("voting_groups.id"), index=True)
    shares_tickets: Mapped[bool] = mapped_column(default=False)  # colleagues may read each other's tickets
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    voting_group: Mapped[VotingGroup | None] = relationship(lazy="raise")
    user_roles: Mapped[list["OrganisationRole"]] = relationship(lazy="raise", cascade="all, delete-orphan")
    domains: Mapped[list["OrganisationDomain"]] = relationship(lazy="raise", cascade="all, delete-orphan")


class OrganisationRole(Base):
    """One User Role that a Party holds."""

    __tablename__ = "organisation_roles"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    user_role: Mapped[UserRole] = mapped_column(_word(UserRole), primary_key=True)


class OrganisationDomain(Base):
    """An e-mail domain whose people may sign up for the organisation."""

    __tablename__ = "organisation_domains"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    domain: Mapped[str] = mapped_column(String(190), unique=True)


class User(Base):
    """A person. Staff belong to no organisation; imported authors have no e-mail and cannot sign in."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("source", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(_word(Role), default=Role.MEMBER, index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    state: Mapped[UserState] = mapped_column(_word(UserState), default=UserState.ACTIVE)
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    is_totp_on: Mapped[bool] = mapped_column(default=False)
    totp_last_step: Mapped[int | None]  # the 30-second step of the last code taken: no code works twice
    timezone: Mapped[str] = mapped_column(String(60), default="Europe/London")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str | None] = mapped_column(String(80))
    source_id: Mapped[str | None] = mapped_column(String(80))
    is_generated: Mapped[bool] = mapped_column(default=False)
    is_ready_account: Mapped[bool] = mapped_column(default=False)  # listed on the demonstration's sign-in page

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


class SignIn(Base):
    """One browser in which a person is signed in; ending the row signs that browser out."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    ended_at: Mapped[datetime | None]


class Token(Base):
    """A one-time link; only the digest is kept, so the table opens no account."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(_word(Purpose))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    email: Mapped[str | None] = mapped_column(String(254))  # the address that a link of purpose `email` proves

    user: Mapped[User] = relationship(lazy="raise")


class Follow(Base):
    """A person wants to hear of one question, ticket or other object."""

    __tablename__ = "follows"
    __table_args__ = (Index("ix_follows_kind_object_id", "kind", "object_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    object_id: Mapped[int] = mapped_column(primary_key=True)


class NotificationChoice(Base):
    """Whether a person wants mail of one event; without a row they do."""

    __tablename__ = "notification_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    event: Mapped[str] = mapped_column(String(60), primary_key=True)
    by_mail: Mapped[bool] = mapped_column(default=True)


class Draft(Base):
    """What a person has typed into one form and not sent yet."""

    __tablename__ = "drafts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
