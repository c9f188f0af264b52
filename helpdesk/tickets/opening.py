"""What a new ticket is made from: who asks, for which organisation, who reads it, how urgent it is."""

from sqlalchemy.orm import Session

from helpdesk.accounts import queries as people
from helpdesk.accounts.models import Organisation, User
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor, require
from helpdesk.tickets import routing
from helpdesk.tickets.enums import Audience, Priority
from helpdesk.tickets.models import Topic
from helpdesk.tickets.policy import RULES, Can


def requester(db: Session, actor: Actor, user_id: int | None, name: str, email: str) -> User | None:
    """Who asks: `actor`, or the person that staff name, by account where there is one."""
    if user_id is None and not name.strip() and not email.strip():
        if actor.id is None:
            raise Invalid("Say who asks: a name, an e-mail address or an account.")
        return db.get_one(User, actor.id)
    if user_id is not None and user_id == actor.id:
        return db.get_one(User, actor.id)
    require(RULES, actor, Can.OPEN_FOR_OTHERS)
    if user_id is None:
        return people.user_by_email(db, email) if email.strip() else None
    user = db.get(User, user_id)
    if user is None:
        raise Invalid("This person is not here any more. Choose another, or enter a name and an e-mail address.")
    return user


def organisation(db: Session, user: User | None, organisation_id: int | None) -> Organisation | None:
    wanted = user.organisation_id if user is not None and user.organisation_id is not None else organisation_id
    return db.get(Organisation, wanted) if wanted is not None else None


def audience(wanted: Audience, organisation: Organisation | None, rule: routing.Rule | None) -> Audience:
    """What a rule restricts, and what an organisation does not share, is between requester and helpdesk."""
    is_shared = organisation is not None and organisation.shares_tickets
    is_restricted = rule is not None and rule.is_restricted
    return wanted if is_shared and not is_restricted else Audience.HELPDESK


def priority(wanted: str | None, topic: Topic | None, rule: routing.Rule | None) -> Priority:
    if wanted:
        return Priority(wanted)
    if rule is not None:
        return Priority.URGENT if rule.is_restricted else Priority.HIGH
    return topic.default_priority if topic else Priority.NORMAL
