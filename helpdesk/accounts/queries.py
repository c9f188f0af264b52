"""Reading people and organisations."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from helpdesk.accounts.enums import Category, UserState
from helpdesk.accounts.models import (
    Draft,
    Follow,
    NotificationChoice,
    Organisation,
    OrganisationDomain,
    SignIn,
    User,
    VotingGroup,
)
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Page, Window, page
from helpdesk.kernel.policy import STAFF, Actor, Role


@dataclass(frozen=True, slots=True)
class Person:
    """What every reader may know of an author."""

    name: str
    organisation: str
    is_staff: bool


def actor_of(user: User, organisation: Organisation | None) -> Actor:
    """`user` as the plain value on whose behalf things happen."""
    return Actor(
        id=user.id,
        name=user.name,
        email=user.email or "",
        role=user.role,
        organisation_id=user.organisation_id,
        category=organisation.category if organisation else "",
        shares_tickets=organisation.shares_tickets if organisation else False,
        timezone=user.timezone,
    )


def actor(db: Session, user_id: int) -> Actor:
    """The actor of one user.

    Raises:
        NotFound: there is no such user.
    """
    user = db.scalar(select(User).where(User.id == user_id).options(joinedload(User.organisation)))
    if user is None:
        raise NotFound("There is no such person here.")
    return actor_of(user, user.organisation)


def visible(actor: Actor) -> Select[int]:
    """Ids of the people whose account `actor` may see: staff see all, a Party's people see each other."""
    ids = select(User.id)
    if actor.is_staff:
        return ids
    if actor.id is None:
        return ids.where(false())
    if actor.organisation_id is None:
        return ids.where(User.id == actor.id)
    return ids.where(User.organisation_id == actor.organisation_id)


def get(db: Session, actor: Actor, user_id: int) -> User:
    """One person that `actor` may see, with their organisation.

    Raises:
        NotFound: there is none, or they are hidden from `actor`.
    """
    wanted = select(User).where(User.id == user_id, User.id.in_(visible(actor)))
    user = db.scalar(wanted.options(joinedload(User.organisation)))
    if user is None:
        raise NotFound("There is no such person here, or not one that you may see.")
    return user


def user_by_email(db: Session, email: str) -> User | None:
    return db.scalar(select(User).where(User.email == email.strip().lower()))


def people(
    db: Session,
    actor: Actor,
    window: Window,
    *,
    text: str = "",
    role: Role | None = None,
    state: UserState | None = None,
) -> Page[User]:
    """People by name, found by name, e-mail address or organisation. Imported authors are no accounts."""
    wanted = (
        select(User)
        .outerjoin(User.organisation)
        .where(User.id.in_(visible(actor)), User.email.is_not(None))
        .options(contains_eager(User.organisation))
        .order_by(User.name, User.id)
    )
    if text:
        columns = (User.name, User.email, Organisation.name)
        wanted = wanted.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if role is not None:
        wanted = wanted.where(User.role == role)
    if state is not None:
        wanted = wanted.where(User.state == state)
    return page(db.scalars(wanted.offset(window.offset).limit(window.limit + 1)).all(), window)


def colleagues(db: Session, actor: Actor, organisation_id: int) -> list[User]:
    """An organisation's people, those who wait for approval first."""
    wanted = (
        select(User)
        .where(User.organisation_id == organisation_id, User.id.in_(visible(actor)), User.email.is_not(None))
        .order_by(User.name, User.id)
    )
    order = [UserState.AWAITING_APPROVAL, UserState.INVITED, UserState.ACTIVE, UserState.DISABLED]
    return sorted(db.scalars(wanted), key=lambda user: order.index(user.state))


def agents(db: Session) -> list[User]:
    """Staff who can be given work, by name."""
    wanted = select(User).where(User.role.in_(STAFF), User.state == UserState.ACTIVE).order_by(User.name, User.id)
    return list(db.scalars(wanted))


def approvers(db: Session, organisation_id: int | None) -> list[User]:
    """Who lets new people in: the Party's administrators, or the site's where a Party has none."""
    active = select(User).where(User.state == UserState.ACTIVE, User.email.is_not(None))
    own = active.where(User.role == Role.PARTY_ADMIN, User.organisation_id == organisation_id)
    return list(db.scalars(own)) or list(db.scalars(active.where(User.role == Role.ADMIN)))


def ready_accounts(db: Session) -> list[User]:
    """The demonstration's accounts that the sign-in page offers, in the order they were made."""
    wanted = (
        select(User)
        .where(User.is_ready_account, User.state == UserState.ACTIVE)
        .options(joinedload(User.organisation))
        .order_by(User.id)
    )
    return list(db.scalars(wanted))


def names(db: Session, user_ids: Collection[int]) -> dict[int, Person]:
    """Who wrote something: names for many ids in one query; unknown ids are left out."""
    if not user_ids:
        return {}
    wanted = (
        select(User.id, User.name, Organisation.name, User.role)
        .outerjoin(User.organisation)
        .where(User.id.in_(set(user_ids)))
    )
    rows = db.execute(wanted)
    return {user_id: Person(name, organisation or "", role in STAFF) for user_id, name, organisation, role in rows}


def organisation(db: Session, organisation_id: int) -> Organisation:
    """One organisation with its User Roles, domains and Voting Group.

    Raises:
        NotFound: there is none.
    """
    wanted = (
        select(Organisation)
        .where(Organisation.id == organisation_id)
        .options(
            joinedload(Organisation.voting_group),
            selectinload(Organisation.user_roles),
            selectinload(Organisation.domains),
        )
    )
    found = db.scalar(wanted)
    if found is None:
        raise NotFound("There is no such organisation.")
    return found


def organisations(
    db: Session, window: Window, *, text: str = "", category: Category | None = None
) -> Page[Organisation]:
    """Organisations by name, found by their name or their Voting Group's."""
    wanted = (
        select(Organisation)
        .outerjoin(Organisation.voting_group)
        .options(contains_eager(Organisation.voting_group))
        .order_by(Organisation.name, Organisation.id)
    )
    if text:
        columns = (Organisation.name, VotingGroup.name)
        wanted = wanted.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if category is not None:
        wanted = wanted.where(Organisation.category == category)
    return page(db.scalars(wanted.offset(window.offset).limit(window.limit + 1)).all(), window)


def organisation_choices(db: Session) -> list[tuple[int, str]]:
    """Ids and names of all, for a form's list."""
    wanted = select(Organisation.id, Organisation.name).order_by(Organisation.name)
    return [(row.id, row.name) for row in db.execute(wanted)]


def organisation_of_domain(db: Session, domain: str) -> Organisation | None:
    """Whose people write from `domain`; none if the organisation is switched off."""
    wanted = (
        select(Organisation)
        .join(OrganisationDomain, OrganisationDomain.organisation_id == Organisation.id)
        .where(OrganisationDomain.domain == domain.lower(), Organisation.is_active)
    )
    return db.scalar(wanted)


def sign_ins(db: Session, user_id: int) -> list[SignIn]:
    """The browsers in which a person is signed in, the last used first."""
    wanted = select(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
    return list(db.scalars(wanted.order_by(SignIn.last_seen_at.desc())))


def followers(db: Session, kind: str, object_id: int, event: str) -> list[tuple[Actor, str]]:
    """Who follows an object and wants mail of `event`: actor and address. The caller asks whether each may see it."""
    choice = and_(NotificationChoice.user_id == User.id, NotificationChoice.event == event)
    wanted = (
        select(User, Organisation)
        .join(Follow, Follow.user_id == User.id)
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .outerjoin(NotificationChoice, choice)
        .where(
            Follow.kind == kind,
            Follow.object_id == object_id,
            User.state == UserState.ACTIVE,
            User.email.is_not(None),
            or_(NotificationChoice.by_mail.is_(None), NotificationChoice.by_mail),
        )
        .order_by(User.id)
    )
    return [(actor_of(user, party), user.email or "") for user, party in db.execute(wanted)]


def is_following(db: Session, actor: Actor, kind: str, object_id: int) -> bool:
    return actor.id is not None and db.get(Follow, (actor.id, kind, object_id)) is not None


def notification_choices(db: Session, user_id: int) -> dict[str, bool]:
    """What a person chose; an event that is missing is mailed."""
    wanted = select(NotificationChoice).where(NotificationChoice.user_id == user_id)
    return {choice.event: choice.by_mail for choice in db.scalars(wanted)}


def draft(db: Session, actor: Actor, key: str) -> Draft | None:
    """What `actor` typed into the form `key` and has not sent."""
    return None if actor.id is None else db.get(Draft, (actor.id, key))
