"""Use cases of the community, on both databases."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.community import queries, services
from helpdesk.community.enums import PostKind, VoteKind
from helpdesk.community.events import AnswerAccepted, AnswerPosted, CommentPosted, QuestionAsked
from helpdesk.community.models import Question, Tag, Vote
from helpdesk.kernel import events
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid
from helpdesk.kernel.events import ContentChanged
from helpdesk.kernel.policy import VISITOR, Role
from tests.factories.accounts import make_actor
from tests.factories.community import make_answer, make_question

LONG_AGO = datetime(2025, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[events.Event]:
    """The events that were published; nobody else listens."""
    found: list[events.Event] = []
    kinds = (QuestionAsked, AnswerPosted, AnswerAccepted, CommentPosted, ContentChanged)
    monkeypatch.setattr(events, "_handlers", {kind: (lambda _db, event: found.append(event),) for kind in kinds})
    return found


class TestAsk:
    def test_a_question_stands_for_all_parties_and_its_asker_follows_it(
        self, db: Session, heard: list[events.Event]
    ) -> None:
        actor = make_actor(db)
        question = services.ask(
            db,
            actor,
            title="  Who   pays? ",
            body="\r\nWe ask.\r\n",
            tags=["User Entry", "charges", "CHARGES"],
            at=LONG_AGO,
        )
        assert (question.title, question.body) == ("Who pays?", "We ask.")
        assert not question.is_public
        assert question.organisation_id == actor.organisation_id
        assert question.created_at == question.last_activity_at == LONG_AGO
        assert [tag.name for tag in question.tags] == ["charges", "user-entry"]
        assert accounts.is_following(db, actor, "question", question.id)
        assert heard == [QuestionAsked(question.id), ContentChanged("question", (question.id,))]
        assert question.seq > 0

    def test_each_tag_counts_its_questions(self, db: Session) -> None:
        make_question(db, tags=["charges"], is_public=True)
        make_question(db, tags=["charges"])
        tag = db.scalars(select(Tag).where(Tag.name == "charges")).one()
        db.refresh(tag)
        assert (tag.question_count, tag.public_count) == (2, 1)

    def test_a_visitor_cannot_ask(self, db: Session) -> None:
        with pytest.raises(Forbidden):
            make_question(db, VISITOR)

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": " \n "},
            {"title": "x" * 201},
            {"body": "\0 "},
            {"body": "x" * 20_001},
            {"tags": ["a", "b", "c", "d", "e", "f"]},
        ],
    )
    def test_what_is_empty_or_too_long_is_refused(self, db: Session, fields: dict[str, object]) -> None:
        with pytest.raises(Invalid):
            make_question(db, **fields)


class TestAnswer:
    def test_an_answer_is_counted_and_its_author_follows(self, db: Session, heard: list[events.Event]) -> None:
        question, helper = make_question(db), make_actor(db)
        answer = make_answer(db, question, helper)
        db.refresh(question)
        assert (question.answer_count, question.has_official, answer.is_official) == (1, False, False)
        assert question.last_activity_at == answer.created_at
        assert accounts.is_following(db, helper, "question", question.id)
        assert heard[-2:] == [AnswerPosted(question.id, answer.id), ContentChanged("question", (question.id,))]

    def test_staff_answer_officially(self, db: Session) -> None:
        question = make_question(db)
        make_answer(db, question, make_actor(db, Role.AGENT), is_official=True)
        assert question.has_official

    def test_a_party_cannot_answer_officially(self, db: Session) -> None:
        question = make_question(db)
        with pytest.raises(Forbidden):
            make_answer(db, question, is_official=True)

    def test_the_indexes_get_a_higher_number_with_each_change(self, db: Session) -> None:
        question = make_question(db)
        first = question.seq
        make_answer(db, question)
        assert question.seq > first


class TestComment:
    def test_a_comment_stands_under_its_answer(self, db: Session, heard: list[events.Event]) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        remark = services.comment(db, make_actor(db), question, "Thank you.", answer)
        thread = queries.thread(db, VISITOR, question)
        assert [one.id for one in thread.comments[answer.id]] == [remark.id]
        assert thread.comments[None] == []
        assert heard[-1] == CommentPosted(question.id, remark.id)

    def test_a_long_comment_is_refused(self, db: Session) -> None:
        with pytest.raises(Invalid, match="1,000"):
            services.comment(db, make_actor(db), make_question(db), "x" * 1_001)


class TestAccept:
    def test_the_asker_accepts_and_can_think_again(self, db: Session, heard: list[events.Event]) -> None:
        asker = make_actor(db)
        question = make_question(db, asker)
        first, second = make_answer(db, question), make_answer(db, question)
        services.accept(db, asker, question, first)
        services.accept(db, asker, question, second)
        assert question.accepted_answer_id == second.id
        assert AnswerAccepted(question.id, second.id, asker.id) in heard
        services.unaccept(db, asker, question)
        assert not question.is_solved

    def test_accepting_twice_says_so_once(self, db: Session, heard: list[events.Event]) -> None:
        asker = make_actor(db)
        question = make_question(db, asker)
        answer = make_answer(db, question)
        services.accept(db, asker, question, answer)
        services.accept(db, asker, question, answer)
        assert heard.count(AnswerAccepted(question.id, answer.id, asker.id)) == 1

    def test_another_party_cannot_accept(self, db: Session) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        with pytest.raises(Forbidden):
            services.accept(db, make_actor(db), question, answer)

    def test_an_answer_to_another_question_cannot_be_accepted(self, db: Session) -> None:
        asker = make_actor(db)
        question, other = make_question(db, asker), make_question(db, asker)
        with pytest.raises(Conflict):
            services.accept(db, asker, question, make_answer(db, other))


class TestVote:
    @pytest.mark.parametrize(
        ("clicks", "score"), [([1], 1), ([-1], -1), ([1, 1], 1), ([1, -1], -1), ([1, 0], 0), ([0], 0)]
    )
    def test_one_person_has_one_vote(self, db: Session, clicks: list[int], score: int) -> None:
        question, voter = make_question(db), make_actor(db)
        for value in clicks:
            services.vote(db, voter, question, value)
        db.refresh(question)
        assert question.score == score
        assert queries.thread(db, voter, question).standing.votes.get(None, 0) == score
        kept = db.scalars(select(Vote.kind).where(Vote.question_id == question.id)).all()
        assert kept == ([VoteKind.UP if score > 0 else VoteKind.DOWN] if score else [])

    def test_people_vote_for_themselves(self, db: Session) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        voter = make_actor(db)
        for actor in (voter, make_actor(db)):
            services.vote(db, actor, answer, 1)
        db.refresh(answer)
        assert answer.score == 2
        assert queries.thread(db, voter, question).standing.votes == {answer.id: 1}

    def test_nobody_votes_on_their_own_text(self, db: Session) -> None:
        asker = make_actor(db)
        with pytest.raises(Forbidden):
            services.vote(db, asker, make_question(db, asker), 1)

    def test_a_vote_is_up_down_or_none(self, db: Session) -> None:
        with pytest.raises(Invalid):
            services.vote(db, make_actor(db), make_question(db), 5)

    def test_the_database_judges_two_votes_at_the_same_moment(self, db: Session) -> None:
        question, voter = make_question(db), make_actor(db)
        services.vote(db, voter, question, 1)
        db.flush()
        with patch.object(db, "scalar", return_value=None), pytest.raises(Conflict):
            services.vote(db, voter, question, 1)
        assert db.scalar(select(func.count()).select_from(Vote)) == 1

    def test_an_imported_favourite_leaves_room_for_a_vote(self, db: Session) -> None:
        question, voter = make_question(db), make_actor(db)
        db.add(Vote(user_id=voter.id, question_id=question.id, kind=VoteKind.FAVOURITE, source="old", source_id="1"))
        services.vote(db, voter, question, 1)
        assert queries.thread(db, voter, question).standing.votes == {None: 1}


class TestEdit:
    def edit(self, db: Session, question: Question, actor: object, **fields: object) -> None:
        values = {
            "title": question.title,
            "body": question.body,
            "tags": [],
            "is_public": question.is_public,
            "seen_at": question.updated_at,
        }
        services.edit_question(db, actor, question, **{**values, **fields})  # type: ignore[arg-type]

    def test_every_former_text_stays_in_the_history(self, db: Session) -> None:
        asker = make_actor(db)
        question = make_question(db, asker, title="First", body="One")
        self.edit(db, question, asker, title="Second")
        self.edit(db, question, make_actor(db, Role.AGENT, name="An agent"), body="Two")
        rows = queries.revisions(db, PostKind.QUESTION, question.id)
        assert [(row.title, row.body) for row in rows] == [("First", "One"), ("Second", "One"), ("Second", "Two")]
        assert rows[-1].editor_name == "An agent"
        assert question.edited_at is not None

    def test_new_tags_alone_are_no_new_text(self, db: Session) -> None:
        asker = make_actor(db)
        question = make_question(db, asker, tags=["charges"])
        self.edit(db, question, asker, tags=["credit"])
        assert queries.revisions(db, PostKind.QUESTION, question.id) == []
        counts = {tag.name: tag.count for tag in queries.tags(db, asker)}
        assert counts == {"credit": 1}

    def test_a_newer_text_of_somebody_else_is_not_overwritten(self, db: Session) -> None:
        asker = make_actor(db)
        question = make_question(db, asker)
        with pytest.raises(Conflict, match="copy it"):
            self.edit(db, question, asker, body="Mine", seen_at=question.updated_at - timedelta(seconds=1))

    def test_what_others_wrote_for_parties_is_not_opened_to_visitors(self, db: Session) -> None:
        asker = make_actor(db)
        question = make_question(db, asker)
        self.edit(db, question, asker, is_public=True)
        self.edit(db, question, asker, is_public=False)
        make_answer(db, question)
        db.refresh(question)
        with pytest.raises(Conflict, match="Parties only"):
            self.edit(db, question, asker, is_public=True)

    def test_another_party_cannot_edit(self, db: Session) -> None:
        with pytest.raises(Forbidden):
            self.edit(db, make_question(db), make_actor(db), body="Mine")

    def test_an_answer_keeps_its_history_too(self, db: Session) -> None:
        helper = make_actor(db)
        question = make_question(db)
        answer = make_answer(db, question, helper, body="Before")
        services.edit_answer(db, helper, question, answer, body="After", seen_at=answer.updated_at)
        services.edit_answer(db, helper, question, answer, body="After", seen_at=answer.updated_at)
        assert [row.body for row in queries.revisions(db, PostKind.ANSWER, answer.id)] == ["Before", "After"]


class TestScreening:
    REPORT = "Our private key was compromised last night and somebody used it."

    @pytest.fixture(autouse=True)
    def _rules(self, app: Flask) -> None:
        """The application installs the rules."""

    def test_an_incident_is_reported_neither_in_answers_nor_comments_nor_edits(self, db: Session):
        asker = make_actor(db)
        question = make_question(db, asker)
        answer = make_answer(db, question, asker)
        with pytest.raises(Invalid, match="must not be posted"):
            services.answer(db, asker, question, self.REPORT)
        with pytest.raises(Invalid, match="must not be posted"):
            services.comment(db, asker, question, self.REPORT)
        with pytest.raises(Invalid, match="must not be posted"):
            services.edit_answer(db, asker, question, answer, body=self.REPORT, seen_at=answer.updated_at)
        with pytest.raises(Invalid, match="must not be posted"):
            services.ask(db, asker, title=self.REPORT, body="Help us.")

    def test_staff_may_write_of_incidents(self, db: Session):
        agent = make_actor(db, Role.AGENT)
        made = services.answer(db, agent, make_question(db), self.REPORT, is_official=True)
        assert made.is_official
