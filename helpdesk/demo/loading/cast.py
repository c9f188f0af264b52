"""Who acts in the demonstration: its people as actors, read from the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import User
from helpdesk.kernel.policy import Actor, Role
from helpdesk.tickets.models import Queue, QueueMember

READY_WEIGHT = 4.0  # who is shown first has more to show


@dataclass(frozen=True, slots=True)
class Cast:
    """Members by Party category with how often each asks, agents by queue, and the lead."""

    members: Mapping[str, Sequence[Actor]]
    weights: Mapping[str, Sequence[float]]
    agents: Mapping[str, Sequence[Actor]]
    lead: Actor

    def member(self, category: str, random: Random) -> Actor:
        return random.choices(self.members[category], self.weights[category])[0]

    def anyone(self, random: Random) -> Actor:
        return self.member(random.choice(list(self.members)), random)

    def agent(self, queue: str, random: Random) -> Actor:
        """Somebody who works `queue`."""
        return random.choice(self.agents[queue])


def read(db: Session) -> Cast:
    """The people of the demonstration."""
    people = db.scalars(select(User).where(User.is_generated).options(joinedload(User.organisation)).order_by(User.id))
    actors: dict[int, Actor] = {}
    members: defaultdict[str, list[Actor]] = defaultdict(list)
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for user in people:
        actor = actors[user.id] = accounts.actor_of(user, user.organisation)
        if actor.category:
            members[actor.category].append(actor)
            weights[actor.category].append(READY_WEIGHT if user.is_ready_account else 1.0)
    agents: defaultdict[str, list[Actor]] = defaultdict(list)
    placed = select(Queue.slug, QueueMember.user_id).join(QueueMember.queue).order_by(Queue.id, QueueMember.user_id)
    for slug, user_id in db.execute(placed):
        if user_id in actors and actors[user_id].role is Role.AGENT:
            agents[slug].append(actors[user_id])
    lead = next(actor for actor in actors.values() if actor.role is Role.LEAD)
    return Cast(members, weights, agents, lead)
