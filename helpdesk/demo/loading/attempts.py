"""Attempts to find an answer over the year: what the site's own suggestions offered, and what people did then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.demo import texts
from helpdesk.demo.loading import cast
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.demo.wording import Writer, fill
from helpdesk.kernel.policy import Actor
from helpdesk.knowledge import queries as knowledge
from helpdesk.knowledge import services as knowledge_services
from helpdesk.tickets.enums import Channel, MessageKind
from helpdesk.tickets.models import Message, Queue, Ticket
from helpdesk.triage.services import attempts as triage
from helpdesk.triage.services.suggesting import SuggestionItem, suggest

KINDS = ("answer", "question", "article", "clause")  # the asker's own ticket did not exist yet
ANSWERED, ASKED = 0.06, 0.04  # attempts for each enquiry of the year
OPENED_ALL_THE_SAME = 0.45  # of those who ask in the end
CAME_BACK = 0.12  # of those who ask: had found an answer days before, it seemed
HELPFUL = 0.5  # of those answered by a published answer say so below it, too
# What those do who are offered something and ask nothing.
CONFIRM, OPEN_ONLY, LEAVE = "confirm", "open", "leave"
ENDINGS = {CONFIRM: 0.45, OPEN_ONLY: 0.3, LEAVE: 0.25}
WORDS = 40  # of an enquiry that people type before they read what is offered


def count(plan: Plan) -> int:
    return round(plan.enquiries * ANSWERED) + round(plan.enquiries * ASKED)


def add_attempts(db: Session, plan: Plan, progress: Progress) -> None:
    """Attempts that ended in an answer or in nothing, then those that ended in a ticket."""
    visits = _Visits(db, plan.random("attempts"), plan.now)
    for text, actor, at in _questions(db, plan):
        visits.look(text, actor, at)
        progress(1)
    for asked in _asked(db, plan):
        visits.look_and_ask(asked)
        progress(1)
    triage.presume(db, plan.now)


def _questions(db: Session, plan: Plan) -> Iterator[tuple[str, Actor, datetime]]:
    """Questions as people word them, with who asks them and when."""
    random, people = plan.random("questions"), cast.read(db)
    writer, subjects = Writer(random), [one for one in texts.intents() if _harmless(one)]
    weights = [float(subject["weight"]) for subject in subjects]
    for _ in range(round(plan.enquiries * ANSWERED)):
        subject = random.choices(subjects, weights)[0]
        intent = random.choice(_harmless(subject))
        actor, at = people.anyone(random), plan.moment(random)
        facts = writer.facts(actor.category, Channel.WEB, at.date())
        yield fill(random.choice(intent["asks"]), facts.values, random), actor, at


def _harmless(subject: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What nobody need report to a restricted queue."""
    return [intent for intent in subject["intents"] if intent["rule"] is None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A ticket that its requester opened in the browser."""

    ticket_id: int
    requester_id: int
    text: str
    at: datetime


def _asked(db: Session, plan: Plan) -> list[_Asked]:
    wanted = (
        select(Ticket.id, Ticket.requester_id, Ticket.subject, Message.body, Ticket.opened_at)
        .join(Queue, Queue.id == Ticket.queue_id)
        .join(Message, (Message.ticket_id == Ticket.id) & (Message.created_at == Ticket.opened_at))
        .where(Ticket.is_generated, Ticket.channel == Channel.WEB, Message.kind == MessageKind.MESSAGE)
        .where(~Queue.is_restricted)
        .order_by(Ticket.id)
    )
    rows = [
        _Asked(ticket_id, requester_id, " ".join(f"{subject} {body}".split()[:WORDS]), at)
        for ticket_id, requester_id, subject, body, at in db.execute(wanted)
        if requester_id is not None
    ]
    chosen = plan.random("asked").sample(rows, min(len(rows), round(plan.enquiries * ASKED)))
    return sorted(chosen, key=lambda one: one.at)


class _Visits:
    """Walks people through the ask page."""

    def __init__(self, db: Session, random: Random, now: datetime) -> None:
        self.db, self.random, self.now = db, random, now
        self.number = 0

    def look(self, text: str, actor: Actor, at: datetime) -> None:
        """An attempt without an enquiry: answered, perhaps answered, or given up."""
        token, items = self._begin(text, actor, at)
        ending = self.random.choices(list(ENDINGS), list(ENDINGS.values()))[0]
        if items and ending != LEAVE:
            self._read(token, items, actor, at, is_confirmed=ending == CONFIRM)

    def look_and_ask(self, asked: _Asked) -> None:
        """An attempt that ended in a ticket; some had found an answer in the days before, and it was none."""
        actor = accounts.actor(self.db, asked.requester_id)
        if self.random.random() < CAME_BACK:
            earlier = asked.at - timedelta(days=self.random.uniform(0.5, 5))
            token, items = self._begin(asked.text, actor, earlier)
            if items:
                self._read(token, items, actor, earlier, is_confirmed=self.random.random() < 0.5)
        begun = asked.at - timedelta(minutes=self.random.uniform(1, 9))
        token, items = self._begin(asked.text, actor, begun)
        if items and self.random.random() < OPENED_ALL_THE_SAME:
            item = self._choose(items)
            triage.opened(self.db, actor, token, item.kind, item.id, at=begun + timedelta(seconds=30))
        triage.finish(self.db, actor, token, ticket_id=asked.ticket_id, at=asked.at)

    def _begin(self, text: str, actor: Actor, at: datetime) -> tuple[str, tuple[SuggestionItem, ...]]:
        self.number += 1
        token = f"demonstration-{self.number}"
        found = suggest(self.db, actor, text, kinds=KINDS)
        triage.remember(self.db, actor, token, text, found, at=at)
        return token, found.items

    def _read(
        self, token: str, items: tuple[SuggestionItem, ...], actor: Actor, at: datetime, *, is_confirmed: bool
    ) -> None:
        item = self._choose(items)
        triage.opened(self.db, actor, token, item.kind, item.id, at=min(at + timedelta(seconds=40), self.now))
        if not is_confirmed:
            return
        triage.confirm(self.db, actor, token, item.kind, item.id, at=min(at + timedelta(minutes=3), self.now))
        if item.kind == "answer" and self.random.random() < HELPFUL:
            answer = knowledge.get(self.db, actor, item.id)
            knowledge_services.mark_helpful(self.db, actor, answer, is_helpful=True)

    def _choose(self, items: tuple[SuggestionItem, ...]) -> SuggestionItem:
        """People open what stands first, mostly."""
        return items[min(int(self.random.expovariate(1.2)), len(items) - 1)]
