"""Who may change people and organisations."""

from dataclasses import dataclass
from enum import StrEnum

from helpdesk.accounts.models import Organisation, User
from helpdesk.kernel.policy import Actor, Role, Rules, is_admin

PARTY_ROLES = frozenset({Role.MEMBER, Role.PARTY_ADMIN})


class Can(StrEnum):
    MANAGE_PEOPLE = "accounts:manage_people"  # everybody, of every organisation
    MANAGE_ORGANISATIONS = "accounts:manage_organisations"
    MANAGE_PARTY = "accounts:manage_party"  # one organisation's people and choices
    MANAGE_MEMBER = "accounts:manage_member"  # one person
    GIVE_ROLE = "accounts:give_role"
    CHANGE_SELF = "accounts:change_self"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody would have in an organisation."""

    role: Role
    organisation_id: int | None


def administers_party(actor: Actor, organisation: Organisation | None) -> bool:
    return actor.role is Role.PARTY_ADMIN and organisation is not None and organisation.id == actor.organisation_id


def administers_member(actor: Actor, user: User | None) -> bool:
    """A Party's administrator manages the people of their own Party, and never staff."""
    return (
        actor.role is Role.PARTY_ADMIN
        and user is not None
        and user.organisation_id is not None
        and user.organisation_id == actor.organisation_id
        and user.role in PARTY_ROLES
    )


def gives_party_role(actor: Actor, grant: Grant | None) -> bool:
    return (
        actor.role is Role.PARTY_ADMIN
        and grant is not None
        and grant.role in PARTY_ROLES
        and grant.organisation_id is not None
        and grant.organisation_id == actor.organisation_id
    )


def is_self(actor: Actor, user: User | None) -> bool:
    return user is not None and actor.id is not None and user.id == actor.id


RULES: Rules = {
    Can.MANAGE_PEOPLE: (is_admin,),
    Can.MANAGE_ORGANISATIONS: (is_admin,),
    Can.MANAGE_PARTY: (is_admin, administers_party),
    Can.MANAGE_MEMBER: (is_admin, administers_member),
    Can.GIVE_ROLE: (is_admin, gives_party_role),
    Can.CHANGE_SELF: (is_self,),
}
