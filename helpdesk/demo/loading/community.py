"""The community's hand-written questions with what others made of them."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from helpdesk.community import services as community
from helpdesk.community.models import Answer, Question
from helpdesk.demo import texts
from helpdesk.demo.loading import cast
from helpdesk.demo.loading.cast import Cast
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.kernel.policy import Actor

ANSWER_HOURS = 20.0  # mean time from one contribution to the next


def add_questions(db: Session, plan: Plan, progress: Progress) -> None:
    """Questions in the order of their asking, with answers, comments, votes and what was accepted."""
    random, people = plan.random("community"), cast.read(db)
    asked = sorted(plan.moment(random) for _ in texts.community())
    for text, at in zip(random.sample(texts.community(), len(asked)), asked, strict=True):
        _Thread(db, people, random, plan.now).add(text, at)
        progress(1)


class _Thread:
    """One question; every contribution comes a while after the one before."""

    def __init__(self, db: Session, people: Cast, random: Random, now: datetime) -> None:
        self.db, self.people, self.random, self.now = db, people, random, now

    def add(self, text: texts.CommunityQuestion, at: datetime) -> None:
        asker = self.people.anyone(self.random)
        question = community.ask(
            self.db,
            asker,
            title=text.title,
            body=text.body,
            is_public=text.public,
            tags=text.tags,
            topic=text.topic,
            at=at,
            is_generated=True,
        )
        for reply in text.answers:
            at = self._later(at)
            at = self._answer(question, asker, reply, at)
        self._vote(question, asker, text.votes)

    def _answer(self, question: Question, asker: Actor, reply: texts.PeerAnswer, at: datetime) -> datetime:
        author = self.people.lead if reply.official else self._somebody_but(asker)
        answer = community.answer(self.db, author, question, reply.body, is_official=reply.official, at=at)
        for remark in reply.comments:
            at = self._later(at)
            community.comment(self.db, self._somebody_but(author), question, remark, answer, at=at)
        if reply.accepted:
            community.accept(self.db, asker, question, answer)
        self._vote(answer, author, reply.votes)
        return at

    def _vote(self, post: Question | Answer, author: Actor, votes: int) -> None:
        voters = {actor.id: actor for actor in (self._somebody_but(author) for _ in range(2 * votes))}
        for voter in list(voters.values())[:votes]:
            community.vote(self.db, voter, post, 1)

    def _somebody_but(self, author: Actor) -> Actor:
        found = self.people.anyone(self.random)
        while found.id == author.id:
            found = self.people.anyone(self.random)
        return found

    def _later(self, at: datetime) -> datetime:
        return min(at + timedelta(hours=self.random.expovariate(1 / ANSWER_HOURS)), self.now)
