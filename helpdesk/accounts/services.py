"""Use cases of people and organisations: adding, inviting, approving, changing; follows, choices and drafts."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.accounts import access, credentials, queries
from helpdesk.accounts.addresses import clean_domains, clean_email
from helpdesk.accounts.enums import Category, Notice, Purpose, UserRole, UserState
from helpdesk.accounts.models import (
    Draft,
    Follow,
    NotificationChoice,
    Organisation,
    OrganisationDomain,
    OrganisationRole,
    User,
    VotingGroup,
)
from helpdesk.accounts.policy import PARTY_ROLES, RULES, Can, Grant
from helpdesk.kernel import audit, clock, mail, options, throttle
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid
from helpdesk.kernel.policy import STAFF, SYSTEM, VISITOR, Actor, Role, require

SIGN_UPS_PER_ADDRESS = 10  # within an hour; an office shares one address
DRAFTS_PER_PERSON = 50
DRAFT_BYTES = 60_000  # a body of 20,000 characters and its neighbours, as JSON


def create_organisation(
    db: Session,
    actor: Actor,
    *,
    name: str,
    category: Category,
    voting_group: str = "",
    user_roles: Collection[UserRole] = (),
    domains: Collection[str] = (),
    shares_tickets: bool = False,
    at: datetime | None = None,
) -> Organisation:
    """Add an organisation.

    Raises:
        Forbidden: only administrators may.
        Conflict: its name or a domain belongs to another one.
    """
    require(RULES, actor, Can.MANAGE_ORGANISATIONS)
    organisation = Organisation(
        name=name.strip(),
        category=category,
        voting_group=_voting_group(db, voting_group),
        shares_tickets=shares_tickets,
        created_at=at or clock.now(),
        user_roles=[OrganisationRole(user_role=role) for role in sorted(set(user_roles))],
        domains=[OrganisationDomain(domain=domain) for domain in clean_domains(domains)],
    )
    db.add(organisation)
    _flush_organisation(db)
    audit.record(db, actor, "organisation.created", "organisation", organisation.id, name=organisation.name)
    return organisation


def edit_organisation(
    db: Session,
    actor: Actor,
    organisation: Organisation,
    *,
    name: str,
    category: Category,
    voting_group: str,
    user_roles: Collection[UserRole],
    domains: Collection[str],
    is_active: bool,
) -> None:
    """Change what the administrator keeps of an organisation; people of an inactive one cannot sign in.

    Raises:
        Forbidden: only administrators may.
        Conflict: its name or a domain belongs to another one.
    """
    require(RULES, actor, Can.MANAGE_ORGANISATIONS)
    organisation.name, organisation.category = name.strip(), category
    organisation.voting_group = _voting_group(db, voting_group)
    organisation.is_active = is_active
    kept_roles = {row.user_role: row for row in organisation.user_roles}
    organisation.user_roles = [
        kept_roles.get(role) or OrganisationRole(user_role=role) for role in sorted(set(user_roles))
    ]
    kept = {row.domain: row for row in organisation.domains}
    organisation.domains = [kept.get(domain) or OrganisationDomain(domain=domain) for domain in clean_domains(domains)]
    _flush_organisation(db)
    audit.record(
        db,
        actor,
        "organisation.edited",
        "organisation",
        organisation.id,
        name=name,
        category=category,
        is_active=is_active,
    )


def set_sharing(db: Session, actor: Actor, organisation: Organisation, shares_tickets: bool) -> None:
    """Choose whether colleagues may read each other's tickets.

    Raises:
        Forbidden: only its administrators may.
    """
    require(RULES, actor, Can.MANAGE_PARTY, organisation)
    organisation.shares_tickets = shares_tickets
    audit.record(db, actor, "organisation.sharing", "organisation", organisation.id, shares_tickets=shares_tickets)


def create_user(
    db: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    role: Role,
    organisation: Organisation | None = None,
    password: str | None = None,
    state: UserState = UserState.ACTIVE,
    at: datetime | None = None,
    is_generated: bool = False,
    is_ready_account: bool = False,
) -> User:
    """Add a person.

    Raises:
        Forbidden: `actor` may not give this role in this organisation.
        Invalid: the address, the password or the place of the role is wrong.
        Conflict: there is an account with this e-mail address.
    """
    organisation_id = None if organisation is None else organisation.id
    require(RULES, actor, Can.GIVE_ROLE, Grant(role, organisation_id))
    _check_place(role, organisation_id)
    email = clean_email(email)
    if queries.user_by_email(db, email) is not None:
        raise Conflict(f"There is an account for {email} already.")
    if password is not None:
        credentials.check_password(password, email)
    user = User(
        email=email,
        name=name.strip(),
        role=role,
        organisation=organisation,
        state=state,
        password_hash=None if password is None else credentials.hash_password(password),
        created_at=at or clock.now(),
        is_generated=is_generated,
        is_ready_account=is_ready_account,
    )
    db.add(user)
    try:
        db.flush()
    except IntegrityError as error:
        raise Conflict(f"There is an account for {email} already.") from error
    audit.record(db, actor, "account.created", "user", user.id, role=role, organisation_id=organisation_id)
    return user


def invite(
    db: Session, actor: Actor, *, email: str, name: str, role: Role, organisation: Organisation | None = None
) -> User:
    """Add a person and mail them a link to choose a password.

    Raises:
        Forbidden: `actor` may not give this role in this organisation.
        Conflict: there is an account with this e-mail address.
    """
    user = create_user(db, actor, email=email, name=name, role=role, organisation=organisation, state=UserState.INVITED)
    access.send_link(db, user, Purpose.INVITE)
    return user


def invite_again(db: Session, actor: Actor, user: User) -> None:
    """Mail a fresh link; the earlier one stops working.

    Raises:
        Conflict: the person has an account already.
    """
    require(RULES, actor, Can.MANAGE_MEMBER, user)
    if user.state is not UserState.INVITED:
        raise Conflict("This person has accepted an invitation already.")
    access.send_link(db, user, Purpose.INVITE)
    audit.record(db, actor, "account.invited_again", "user", user.id)


def sign_up(db: Session, *, email: str, name: str, address: str) -> bool:
    """Ask for an account by an e-mail address of a listed domain; the answer never says who has one.

    False if the domain is not listed. That is returned, not raised, so that its count is kept.

    Raises:
        Invalid: it is no e-mail address.
        TooMany: asked too often from this address.
    """
    email = clean_email(email)
    throttle.count(db, "sign_up", address, SIGN_UPS_PER_ADDRESS, 60)
    organisation = queries.organisation_of_domain(db, email.rpartition("@")[2])
    if organisation is None:
        return False
    existing = queries.user_by_email(db, email)
    if existing is not None:
        mail.outbox(db, "accounts/already_registered", email, {"name": existing.name})
        return True
    role, state = Role.MEMBER, UserState.AWAITING_APPROVAL
    user = create_user(db, SYSTEM, email=email, name=name, role=role, organisation=organisation, state=state)
    access.send_link(db, user, Purpose.SETUP, organisation=organisation.name)
    audit.record(db, VISITOR, "account.signed_up", "user", user.id)
    return True


def approve(db: Session, actor: Actor, user: User) -> None:
    """Let a person in who signed up.

    Raises:
        Forbidden: `actor` does not administer their organisation.
        Conflict: they do not wait for approval.
    """
    require(RULES, actor, Can.MANAGE_MEMBER, user)
    if user.state is not UserState.AWAITING_APPROVAL:
        raise Conflict("This person does not wait for approval any more.")
    user.state = UserState.ACTIVE
    mail.outbox(db, "accounts/approved", user.email or "", {"name": user.name})
    audit.record(db, actor, "account.approved", "user", user.id)


def set_role(db: Session, actor: Actor, user: User, role: Role, organisation: Organisation | None = None) -> None:
    """Give `user` a role, in `organisation` or where they are; staff leave their organisation.

    Raises:
        Forbidden: `actor` may not give this role there, or not change this person.
        Conflict: it is `actor`'s own role.
        Invalid: a Party's role without a Party.
    """
    place = user.organisation_id if organisation is None else organisation.id
    place = None if role in STAFF else place
    require(RULES, actor, Can.MANAGE_MEMBER, user)
    require(RULES, actor, Can.GIVE_ROLE, Grant(role, place))
    if (role, place) == (user.role, user.organisation_id):
        return
    if user.id == actor.id:
        raise Conflict("Ask another administrator to change your own role, so that nobody locks themselves out.")
    _check_place(role, place)
    audit.record(db, actor, "account.role", "user", user.id, old=user.role, new=role, organisation_id=place)
    user.role, user.organisation_id = role, place
    db.flush()
    db.expire(user, ["organisation"])


def disable(db: Session, actor: Actor, user: User) -> None:
    """Switch an account off and sign it out everywhere; what the person wrote stays.

    Raises:
        Forbidden: `actor` may not change this person.
        Conflict: it is `actor`'s own account.
    """
    require(RULES, actor, Can.MANAGE_MEMBER, user)
    if user.id == actor.id:
        raise Conflict("Ask another administrator to switch your own account off.")
    user.state = UserState.DISABLED
    access.end_all(db, user.id)
    audit.record(db, actor, "account.disabled", "user", user.id)


def enable(db: Session, actor: Actor, user: User) -> None:
    """Switch an account on again; who never chose a password does so by "forgotten password"."""
    require(RULES, actor, Can.MANAGE_MEMBER, user)
    if user.state is not UserState.DISABLED:
        raise Conflict("This account is not switched off.")
    user.state = UserState.ACTIVE
    audit.record(db, actor, "account.enabled", "user", user.id)


def change_profile(db: Session, actor: Actor, user: User, *, name: str, timezone: str) -> None:
    """Change one's own name and time zone."""
    require(RULES, actor, Can.CHANGE_SELF, user)
    user.name, user.timezone = name.strip(), timezone
    audit.record(db, actor, "account.profile", "user", user.id)


def rename(db: Session, actor: Actor, user: User, name: str) -> None:
    """Correct somebody's name."""
    require(RULES, actor, Can.MANAGE_MEMBER, user)
    if name.strip() != user.name:
        audit.record(db, actor, "account.renamed", "user", user.id, old=user.name, new=name.strip())
        user.name = name.strip()


def require_staff_totp(db: Session, actor: Actor, is_needed: bool) -> None:
    """Choose whether staff must use a second step to go on."""
    require(RULES, actor, Can.MANAGE_PEOPLE)
    options.write(db, "staff_need_totp", is_needed)
    audit.record(db, actor, "option.staff_need_totp", is_needed=is_needed)


def follow(db: Session, actor: Actor, kind: str, object_id: int) -> None:
    """Hear of what happens to an object that `actor` may see; the caller has fetched it through its `get`."""
    row = {"user_id": _own_id(actor), "kind": kind, "object_id": object_id}
    db.execute(_insert(db, Follow).values(row).on_conflict_do_nothing())


def unfollow(db: Session, actor: Actor, kind: str, object_id: int) -> None:
    mine = Follow.user_id == _own_id(actor)
    db.execute(delete(Follow).where(mine, Follow.kind == kind, Follow.object_id == object_id))


def set_notifications(db: Session, actor: Actor, wanted: Mapping[Notice, bool]) -> None:
    """Choose which events are mailed."""
    mine = NotificationChoice.user_id == _own_id(actor)
    db.execute(delete(NotificationChoice).where(mine, NotificationChoice.event.in_(wanted)))
    rows = [{"user_id": actor.id, "event": event.value, "by_mail": by_mail} for event, by_mail in wanted.items()]
    db.execute(insert(NotificationChoice), rows)
    audit.record(db, actor, "account.notifications", "user", actor.id, **{e.value: m for e, m in wanted.items()})


def save_draft(db: Session, actor: Actor, key: str, fields: Mapping[str, Any]) -> None:
    """Keep what `actor` has typed into the form `key`; the oldest drafts make room.

    Raises:
        Invalid: the key or the text is too long to keep.
    """
    if len(key) > 120 or len(json.dumps(dict(fields))) > DRAFT_BYTES:
        raise Invalid("This draft is too long to be kept. Copy your text before you leave the page.")
    row = {"user_id": _own_id(actor), "key": key, "fields": dict(fields), "saved_at": clock.now()}
    changed = {"fields": row["fields"], "saved_at": row["saved_at"]}
    db.execute(_insert(db, Draft).values(row).on_conflict_do_update(index_elements=["user_id", "key"], set_=changed))
    newest = select(Draft.key).where(Draft.user_id == actor.id).order_by(Draft.saved_at.desc())
    kept = newest.limit(DRAFTS_PER_PERSON)
    db.execute(delete(Draft).where(Draft.user_id == actor.id, Draft.key.not_in(kept)))


def drop_draft(db: Session, actor: Actor, key: str) -> None:
    """Forget a draft, as when its form was sent."""
    db.execute(delete(Draft).where(Draft.user_id == actor.id, Draft.key == key))


def _own_id(actor: Actor) -> int:
    if actor.id is None:
        raise Forbidden("Sign in first.")
    return actor.id


def _insert(db: Session, table: type[Follow] | type[Draft]) -> Any:
    """An insert that knows ON CONFLICT, which both dialects spell alike."""
    return (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(table)


def _check_place(role: Role, organisation_id: int | None) -> None:
    if role is Role.VISITOR:
        raise Invalid("A visitor needs no account. Choose another role.")
    if role in PARTY_ROLES and organisation_id is None:
        raise Invalid("Choose the organisation of this person.")
    if role in STAFF and organisation_id is not None:
        raise Invalid("Staff belong to no Party. Leave the organisation empty, or choose a Party's role.")


def _voting_group(db: Session, name: str) -> VotingGroup | None:
    name = name.strip()
    if not name:
        return None
    return db.scalar(select(VotingGroup).where(VotingGroup.name == name)) or VotingGroup(name=name)


def _flush_organisation(db: Session) -> None:
    try:
        db.flush()
    except IntegrityError as error:
        raise Conflict("Another organisation has this name or one of these e-mail domains.") from error
