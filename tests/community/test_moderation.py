"""What staff do to keep the community useful."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.community import moderation, queries, services
from helpdesk.community.enums import State
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.kernel.models import AuditRow
from helpdesk.kernel.policy import VISITOR, Actor, Role
from tests.factories.accounts import make_actor
from tests.factories.community import make_answer, make_question


@pytest.fixture
def agent(db: Session) -> Actor:
    return make_actor(db, Role.AGENT)


class TestClose:
    def test_a_closed_question_takes_no_answers_until_it_is_reopened(self, db: Session, agent: Actor) -> None:
        question = make_question(db)
        moderation.close(db, agent, question, "It belongs to the REC.")
        assert question.closed_reason == "It belongs to the REC."
        with pytest.raises(Conflict):
            make_answer(db, question)
        moderation.reopen(db, agent, question)
        assert make_answer(db, question).id
        assert question.closed_at is None

    @pytest.mark.parametrize("reason", ["", "x" * 201])
    def test_the_reason_is_one_sentence(self, db: Session, agent: Actor, reason: str) -> None:
        with pytest.raises(Invalid):
            moderation.close(db, agent, make_question(db), reason)

    def test_only_staff_close_and_it_is_audited(self, db: Session, agent: Actor) -> None:
        question = make_question(db)
        with pytest.raises(Forbidden):
            moderation.close(db, make_actor(db), question, "Mine now")
        moderation.close(db, agent, question, "Answered by the FAQ.")
        row = db.scalars(select(AuditRow).where(AuditRow.action == "question.closed")).one()
        assert (row.actor_id, row.subject_id) == (agent.id, question.id)


class TestDuplicate:
    def test_readers_are_led_to_the_survivor(self, db: Session, agent: Actor) -> None:
        original, early, question = make_question(db), make_question(db), make_question(db)
        moderation.mark_duplicate(db, agent, early, question)
        moderation.mark_duplicate(db, agent, question, original)
        db.refresh(early)
        for duplicate in (early, question):
            assert duplicate.state is State.DUPLICATE
            found = queries.thread(db, make_actor(db), duplicate).original
            assert found is not None
            assert found.id == original.id

    def test_a_survivor_that_the_reader_may_not_see_is_not_named(self, db: Session, agent: Actor) -> None:
        question, original = make_question(db, is_public=True), make_question(db)
        moderation.mark_duplicate(db, agent, question, original)
        assert queries.thread(db, VISITOR, question).original is None

    def test_duplicates_do_not_run_in_circles(self, db: Session, agent: Actor) -> None:
        question, original = make_question(db), make_question(db)
        moderation.mark_duplicate(db, agent, question, original)
        for wrong in (question, original):
            with pytest.raises(Conflict):
                moderation.mark_duplicate(db, agent, original, wrong)

    def test_reopening_leaves_a_plain_link(self, db: Session, agent: Actor) -> None:
        question, original = make_question(db), make_question(db)
        moderation.mark_duplicate(db, agent, question, original)
        moderation.reopen(db, agent, question)
        thread = queries.thread(db, agent, question)
        assert thread.original is None
        assert [how for how, _ in thread.links] == ["linked"]


class TestHide:
    def test_a_hidden_question_is_gone_for_everybody_but_staff(self, db: Session, agent: Actor) -> None:
        asker = make_actor(db)
        question = make_question(db, asker, is_public=True, tags=["charges"])
        moderation.hide(db, agent, question)
        for actor in (VISITOR, asker):
            with pytest.raises(NotFound):
                queries.get(db, actor, question.id)
            assert queries.tags(db, actor) == []
        assert queries.get(db, agent, question.id) is question

    def test_a_hidden_answer_leaves_the_thread_the_counts_and_the_solution(self, db: Session, agent: Actor) -> None:
        asker = make_actor(db)
        question = make_question(db, asker)
        answer = make_answer(db, question, agent, is_official=True)
        services.accept(db, asker, question, answer)
        moderation.set_answer_hidden(db, agent, question, answer, is_hidden=True)
        assert (question.answer_count, question.has_official, question.is_solved) == (0, False, False)
        assert queries.thread(db, asker, question).answers == []
        with pytest.raises(NotFound):
            queries.answer(db, asker, question, answer.id)
        moderation.set_answer_hidden(db, agent, question, answer, is_hidden=False)
        assert (question.answer_count, question.has_official) == (1, True)

    def test_a_hidden_comment_leaves_the_thread(self, db: Session, agent: Actor) -> None:
        question, reader = make_question(db), make_actor(db)
        remark = services.comment(db, reader, question, "Rude.")
        moderation.set_comment_hidden(db, agent, question, remark, is_hidden=True)
        moderation.set_comment_hidden(db, agent, question, remark, is_hidden=True)
        db.refresh(question)
        assert question.comment_count == 0
        with pytest.raises(NotFound):
            queries.comment(db, reader, question, remark.id)
        assert queries.comment(db, agent, question, remark.id) is remark
