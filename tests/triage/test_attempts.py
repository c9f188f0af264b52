"""The life of an attempt to find an answer."""

from datetime import timedelta

from sqlalchemy import select

from helpdesk.kernel import clock
from helpdesk.kernel.models import JobRow
from helpdesk.triage import engine
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt
from helpdesk.triage.services import attempts
from helpdesk.triage.services.attempts import confirm, finish, opened, presume, remember
from helpdesk.triage.services.suggesting import suggest
from tests.factories.accounts import make_actor
from tests.factories.knowledge import make_answer
from tests.factories.triage import index_all

QUESTION = "How much credit cover must we lodge"
TOKEN = "a" * 32


def the_attempt(db, token: str = TOKEN) -> Attempt:
    db.flush()
    db.expire_all()
    return db.scalars(select(Attempt).where(Attempt.token == token)).one()


def offer(db, using, actor, token: str = TOKEN, text: str = QUESTION):
    found = suggest(db, actor, text)
    remember(db, actor, token, text, found)
    db.flush()
    return found


def answered_before(db, using, actor, days: float, token: str = "b" * 32, text: str = QUESTION) -> Attempt:
    """An attempt of `actor` that ended well some days ago."""
    offer(db, using, actor, token, text)
    confirm(db, actor, token, "answer", 1)
    attempt = the_attempt(db, token)
    attempt.started_at = attempt.ended_at = clock.now() - timedelta(days=days)
    db.flush()
    return attempt


class TestOffering:
    def test_typing_on_goes_on_with_one_attempt(self, db, using) -> None:
        member = make_actor(db)
        answer = make_answer(db, QUESTION)
        index_all(db, using)

        offer(db, using, member, text="How much credit cover")
        offer(db, using, member)

        attempt = the_attempt(db)
        assert (attempt.query, attempt.user_id, attempt.outcome) == (QUESTION, member.id, Outcome.OPEN)
        assert attempt.is_offered
        rows = db.scalars(select(attempts.AttemptItem)).all()
        assert [(row.kind, row.object_id, row.rank) for row in rows] == [("answer", answer.id, 1)]

    def test_of_what_words_alone_found_no_probability_is_kept(self, db, using) -> None:
        make_answer(db, QUESTION)
        db.commit()
        engine.use(None)

        offer(db, using, make_actor(db))

        (item,) = db.scalars(select(attempts.AttemptItem)).all()
        assert item.probability is None

    def test_an_attempt_without_suggestions_was_not_offered_any(self, db, using) -> None:
        offer(db, using, make_actor(db))

        assert not the_attempt(db).is_offered

    def test_somebody_elses_attempt_is_left_alone(self, db, using) -> None:
        offer(db, using, make_actor(db))

        offer(db, using, make_actor(db), text="What is something else entirely")

        assert the_attempt(db).query == QUESTION

    def test_a_token_that_is_too_long_is_ignored(self, db, using) -> None:
        offer(db, using, make_actor(db), token="a" * 65)

        assert db.scalars(select(Attempt)).all() == []


class TestEnding:
    def test_this_answered_me_is_counted_once(self, db, using) -> None:
        member, answer = make_actor(db), make_answer(db, QUESTION, topic="credit-cover")
        index_all(db, using)
        offer(db, using, member)

        confirm(db, member, TOKEN, "answer", answer.id)
        finish(db, member, TOKEN, ticket_id=None, question_id=5)

        attempt = the_attempt(db)
        assert (attempt.outcome, attempt.confirmed_kind, attempt.confirmed_id) == ("confirmed", "answer", answer.id)
        assert (attempt.topic, attempt.question_id) == ("credit-cover", None)
        (item,) = db.scalars(select(attempts.AttemptItem)).all()
        assert item.confirmed_at is not None

    def test_asking_all_the_same_ends_it_with_the_ticket(self, db, using) -> None:
        member = make_actor(db)
        offer(db, using, member)

        finish(db, member, TOKEN, ticket_id=7)

        attempt = the_attempt(db)
        assert (attempt.outcome, attempt.ticket_id) == (Outcome.TICKET, 7)
        assert db.scalars(select(JobRow.name).where(JobRow.name == "triage.returned")).all() == ["triage.returned"]

    def test_another_person_cannot_end_it(self, db, using) -> None:
        offer(db, using, make_actor(db))

        confirm(db, make_actor(db), TOKEN, "answer", 1)

        assert the_attempt(db).outcome == Outcome.OPEN


class TestPresuming:
    def test_opened_and_gone_for_a_day_is_presumed_answered(self, db, using) -> None:
        member, answer = make_actor(db), make_answer(db, QUESTION)
        index_all(db, using)
        offer(db, using, member)
        opened(db, member, TOKEN, "answer", answer.id)
        db.flush()

        assert presume(db, clock.now() + timedelta(hours=23)) == 0
        assert presume(db, clock.now() + timedelta(hours=25)) == 1
        assert the_attempt(db).outcome == Outcome.PRESUMED

    def test_offered_but_never_opened_is_not(self, db, using) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)
        offer(db, using, make_actor(db))

        assert presume(db, clock.now() + timedelta(days=2)) == 0


class TestReturning:
    def test_asking_the_same_within_a_week_takes_the_answer_back(self, db, using) -> None:
        member = make_actor(db)
        answered_before(db, using, member, days=3)
        offer(db, using, member)
        finish(db, member, TOKEN, ticket_id=7)

        attempts.mark_returned(db, the_attempt(db).id, using.encoder)

        assert the_attempt(db, "b" * 32).outcome == Outcome.RETURNED

    def test_asking_something_else_does_not(self, db, using) -> None:
        member = make_actor(db)
        answered_before(db, using, member, days=3, text="Where is the zebra enclosure")
        offer(db, using, member)
        finish(db, member, TOKEN, ticket_id=7)

        attempts.mark_returned(db, the_attempt(db).id, using.encoder)

        assert the_attempt(db, "b" * 32).outcome == Outcome.CONFIRMED

    def test_asking_a_week_later_does_not(self, db, using) -> None:
        member = make_actor(db)
        answered_before(db, using, member, days=8)
        offer(db, using, member)
        finish(db, member, TOKEN, ticket_id=7)

        attempts.mark_returned(db, the_attempt(db).id, using.encoder)

        assert the_attempt(db, "b" * 32).outcome == Outcome.CONFIRMED

    def test_without_an_encoder_words_decide(self, db, using) -> None:
        member = make_actor(db)
        answered_before(db, using, member, days=1)
        offer(db, using, member)
        finish(db, member, TOKEN, ticket_id=7)

        attempts.mark_returned(db, the_attempt(db).id, None)

        assert the_attempt(db, "b" * 32).outcome == Outcome.RETURNED
