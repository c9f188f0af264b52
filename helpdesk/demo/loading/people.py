"""Organisations, people, teams and topics."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import services as accounts
from helpdesk.accounts.models import Organisation, User
from helpdesk.demo import texts
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.demo.organisations import organisations, people
from helpdesk.kernel.policy import STAFF, SYSTEM
from helpdesk.tickets import queues
from helpdesk.tickets.enums import Priority

OLDEST = timedelta(days=5 * 365)  # before the year: when the first Parties joined


def add_teams(db: Session, plan: Plan, progress: Progress) -> None:
    """The teams with their queues, and the staff's list of topics."""
    teams = {
        team.slug: queues.add_queue(
            db, SYSTEM, slug=team.slug, name=team.name, is_restricted=team.restricted, position=position
        )
        for position, team in enumerate(texts.teams())
    }
    for position, topic in enumerate(texts.topics()):
        queues.add_topic(
            db,
            SYSTEM,
            slug=topic.slug,
            name=topic.name,
            queue=teams[topic.team],
            default_priority=Priority(topic.priority),
            description=topic.summary,
            position=position,
        )
        progress(1)


def add_organisations(db: Session, plan: Plan, progress: Progress) -> None:
    """The Parties with their Voting Groups, User Roles and e-mail domains."""
    random = plan.random("organisations")
    for party in organisations(plan.seed):
        accounts.create_organisation(
            db,
            SYSTEM,
            name=party.name,
            category=party.category,
            voting_group=party.voting_group,
            user_roles=party.user_roles,
            domains=party.domains,
            shares_tickets=party.shares_tickets,
            at=plan.now - timedelta(days=365) - OLDEST * random.random(),
        )
        progress(1)


def add_people(db: Session, plan: Plan, progress: Progress) -> None:
    """Everybody, without a password: the sign-in page opens the ready accounts by a click. Staff join their queues."""
    parties = {party.name: party for party in db.scalars(select(Organisation))}
    for person in people(plan.seed):
        user = accounts.create_user(
            db,
            SYSTEM,
            email=person.email,
            name=person.name,
            role=person.role,
            organisation=parties[person.organisation] if person.organisation else None,
            at=plan.now - timedelta(days=365),
            is_generated=True,
            is_ready_account=person.is_ready_account,
        )
        if person.role in STAFF:
            _join(db, user, person.queues)
        progress(1)


def _join(db: Session, user: User, slugs: tuple[str, ...]) -> None:
    for slug in slugs:
        queues.add_member(db, SYSTEM, queues.ensure(db, slug), user)
