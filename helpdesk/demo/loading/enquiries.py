"""A year of enquiries, asked by members and worked by agents through the same services as the pages use."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from sqlalchemy.orm import Session

from helpdesk.accounts.models import User
from helpdesk.community import services as community
from helpdesk.demo.enquiries import Enquiry, generate
from helpdesk.demo.loading import cast, plan
from helpdesk.demo.loading.cast import Cast
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.kernel.changes import together
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.policy import SYSTEM, Actor
from helpdesk.tickets import queries, routing
from helpdesk.tickets import services as tickets
from helpdesk.tickets.enums import Audience, Channel, Priority, QueueSlug, Status
from helpdesk.tickets.models import Ticket

BATCH = 250  # enquiries of one transaction: what an interruption can lose
SHARED = 0.6  # of tickets, where the organisation lets colleagues read
CORRECTED = 0.08  # of tickets begin under a neighbouring topic, which an agent then corrects
UNSOLVED = {Status.OPEN: 0.5, Status.WAITING_REQUESTER: 0.35, Status.WAITING_THIRD_PARTY: 0.15}
CLOSED = 0.3  # of those solved long ago
LONG_AGO = timedelta(days=60)


def add_enquiries(the_plan: Plan, progress: Progress) -> None:
    """Every enquiry that is not in yet, a batch a transaction."""
    year = generate(the_plan.enquiries, the_plan.seed, the_plan.start, months=12)
    progress(the_plan.enquiries_done)
    for batch in _batches(islice(year, the_plan.enquiries_done, None)):
        with unit_of_work() as db, together(db):
            desk = _Desk(db, cast.read(db), the_plan.random(f"enquiry {batch[0].number}"), the_plan.now)
            for enquiry in batch:
                desk.take(enquiry)
                progress(1)
            plan.loaded(db, batch[-1].number)


def _batches(year: Iterator[Enquiry]) -> Iterator[Sequence[Enquiry]]:
    while batch := list(islice(year, BATCH)):
        yield batch


class _Desk:
    """Takes enquiries as they come and does what the year did to them, up to the present moment."""

    def __init__(self, db: Session, people: Cast, random: Random, now: datetime) -> None:
        self.db, self.people, self.random, self.now = db, people, random, now
        teams, topics = queries.teams_and_topics(db)
        self.teams = {team.slug: team for team in teams}
        self.topics = {topic.slug: topic for topic in topics}

    def take(self, enquiry: Enquiry) -> None:
        if enquiry.opened_at > self.now:
            return
        member = self.people.member(enquiry.category, self.random)
        if enquiry.kind == "question":
            self._ask(enquiry, member)
        else:
            ticket = self._open(enquiry, member)
            if self._has_come(enquiry.replied_at):
                self._work(enquiry, ticket, member)

    def _ask(self, enquiry: Enquiry, member: Actor) -> None:
        question = community.ask(
            self.db,
            member,
            title=enquiry.subject,
            body=enquiry.body,
            topic=enquiry.topic or "",
            tags=[enquiry.topic] if enquiry.topic else [],
            at=enquiry.opened_at,
            is_generated=True,
        )
        if self._has_come(enquiry.replied_at):
            agent = self.people.agent(QueueSlug.DEFAULT, self.random)
            answer = community.answer(self.db, agent, question, enquiry.reply, is_official=True, at=enquiry.replied_at)
            if self._has_come(enquiry.solved_at):
                community.accept(self.db, member, question, answer)

    def _open(self, enquiry: Enquiry, member: Actor) -> Ticket:
        is_shared = member.shares_tickets and self.random.random() < SHARED
        is_new = not self._has_come(enquiry.replied_at)
        return tickets.open_ticket(
            self.db,
            self._door(enquiry, member),
            subject=enquiry.subject,
            body=enquiry.body,
            audience=Audience.ORGANISATION if is_shared else Audience.HELPDESK,
            channel=enquiry.channel,
            requester_id=member.id,
            topic=None if is_new else self._first_topic(enquiry),
            priority=None if is_new else enquiry.priority,
            at=enquiry.opened_at,
            is_generated=True,
            source="demonstration",
            source_id=str(enquiry.number),
        )

    def _door(self, enquiry: Enquiry, member: Actor) -> Actor:
        """Who enters it: the member in the browser, an agent on the telephone, the program for e-mail."""
        if enquiry.channel == Channel.WEB:
            return member
        is_call = enquiry.channel == Channel.PHONE
        return self.people.agent(QueueSlug.DEFAULT, self.random) if is_call else SYSTEM

    def _first_topic(self, enquiry: Enquiry) -> str | None:
        """What it was first thought to be about; the wrong one is another of the same team."""
        if enquiry.topic is None or self.random.random() >= CORRECTED:
            return enquiry.topic
        team = self.topics[enquiry.topic].queue_id
        return self.random.choice([slug for slug, topic in self.topics.items() if topic.queue_id == team])

    def _work(self, enquiry: Enquiry, ticket: Ticket, member: Actor) -> None:
        """Place, take, answer and solve it, as an agent of its queue."""
        self._place(enquiry, ticket)
        agent = self.people.agent(ticket.queue.slug, self.random)
        topic = self.topics[enquiry.topic] if enquiry.topic else None
        tickets.set_topic(self.db, agent, ticket, topic, at=enquiry.replied_at)
        tickets.set_priority(self.db, agent, ticket, Priority(enquiry.priority), at=enquiry.replied_at)
        tickets.assign(self.db, agent, ticket, self.db.get_one(User, agent.id), at=enquiry.replied_at)
        is_solved = self._has_come(enquiry.solved_at)
        status = None if is_solved else self.random.choices(list(UNSOLVED), list(UNSOLVED.values()))[0]
        tickets.reply(self.db, agent, ticket, enquiry.reply, at=enquiry.replied_at, status=status)
        for later in enquiry.follow_ups:
            if later.at <= self.now:
                tickets.reply(self.db, agent if later.from_staff else member, ticket, later.body, at=later.at)
        if is_solved:
            tickets.solve(self.db, agent, ticket, at=enquiry.solved_at)
            self._close(enquiry, ticket, agent)

    def _place(self, enquiry: Enquiry, ticket: Ticket) -> None:
        """Hand over to a restricted queue what the rules did not notice, as whoever reads it first would."""
        rule = routing.by_name(enquiry.rule) if enquiry.rule else None
        if rule is not None and rule.queue is not None and not ticket.queue.is_restricted:
            agent = self.people.agent(ticket.queue.slug, self.random)
            tickets.set_queue(self.db, agent, ticket, self.teams[rule.queue], at=enquiry.replied_at)

    def _close(self, enquiry: Enquiry, ticket: Ticket, agent: Actor) -> None:
        is_old = enquiry.solved_at is not None and enquiry.solved_at < self.now - LONG_AGO
        if is_old and self.random.random() < CLOSED:
            tickets.set_status(self.db, agent, ticket, Status.CLOSED, at=enquiry.solved_at)

    def _has_come(self, moment: datetime | None) -> bool:
        return moment is not None and moment <= self.now
