"""Who is asking, and permissions as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from helpdesk.kernel.errors import Forbidden


class Role(StrEnum):
    VISITOR = "visitor"
    MEMBER = "member"
    PARTY_ADMIN = "party_admin"
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


STAFF = frozenset({Role.AGENT, Role.LEAD, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person on whose behalf something happens, as a plain value that no session owns."""

    id: int | None = None
    name: str = "Visitor"
    email: str = ""
    role: Role = Role.VISITOR
    organisation_id: int | None = None
    category: str = ""
    shares_tickets: bool = False
    timezone: str = "Europe/London"
    is_system: bool = False

    @property
    def is_authenticated(self) -> bool:
        return self.id is not None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF or self.is_system

    @property
    def is_lead(self) -> bool:
        return self.role in {Role.LEAD, Role.ADMIN} or self.is_system

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN or self.is_system


VISITOR = Actor()
SYSTEM = Actor(name="Signpost", role=Role.ADMIN, is_system=True)  # imports, jobs and commands

Predicate = Callable[[Actor, Any], bool]
Rules = Mapping[StrEnum, tuple[Predicate, ...]]


def can(rules: Rules, actor: Actor, permission: StrEnum, subject: object = None) -> bool:
    """Whether any predicate of `permission` holds. An unknown permission is an error, not a refusal."""
    return any(predicate(actor, subject) for predicate in rules[permission])


def require(rules: Rules, actor: Actor, permission: StrEnum, subject: object = None) -> None:
    """Raise unless `actor` may.

    Raises:
        Forbidden: no predicate of `permission` holds.
    """
    if not can(rules, actor, permission, subject):
        raise Forbidden("Your account does not allow this. Ask an administrator if you need it.")


def is_signed_in(actor: Actor, _subject: object) -> bool:
    return actor.is_authenticated


def is_staff(actor: Actor, _subject: object) -> bool:
    return actor.is_staff


def is_lead(actor: Actor, _subject: object) -> bool:
    return actor.is_lead


def is_admin(actor: Actor, _subject: object) -> bool:
    return actor.is_admin


def anyone(_actor: Actor, _subject: object) -> bool:
    return True
