"""Lists, and what indexes and suggestions read."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from helpdesk.community import moderation, queries, services, texts
from helpdesk.community.enums import Show, Sort
from helpdesk.community.models import Question
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import VISITOR, Actor, Role
from tests.factories.accounts import make_actor
from tests.factories.community import make_answer, make_question

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST_PAGE = Window(1, 25)


def titles(db: Session, actor: Actor, **options: object) -> list[str]:
    return [question.title for question in queries.listing(db, actor, FIRST_PAGE, **options).items]  # type: ignore[arg-type]


class TestListing:
    @pytest.fixture
    def asker(self, db: Session) -> Actor:
        return make_actor(db)

    @pytest.fixture
    def questions(self, db: Session, asker: Actor) -> list[Question]:
        """Unanswered; answered and voted up; solved by its asker; closed."""
        askers = {"Unanswered": None, "Answered": None, "Solved": asker, "Closed": None}
        made = [
            make_question(db, who, title=name, tags=[name], at=START + timedelta(days=day))
            for day, (name, who) in enumerate(askers.items())
        ]
        later = START + timedelta(days=9)
        answers = [make_answer(db, made[place], at=later + timedelta(days=place)) for place in (1, 2)]
        services.vote(db, make_actor(db), made[1], 1)
        services.accept(db, asker, made[2], answers[1])
        moderation.close(db, make_actor(db, Role.AGENT), made[3], "Done.")
        return made

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, ["Closed", "Solved", "Answered", "Unanswered"]),
            ({"sort": Sort.ACTIVE}, ["Solved", "Answered", "Closed", "Unanswered"]),
            ({"sort": Sort.VOTES}, ["Answered", "Closed", "Solved", "Unanswered"]),
            ({"show": Show.UNANSWERED}, ["Unanswered"]),
            ({"show": Show.UNSOLVED}, ["Answered", "Unanswered"]),
            ({"show": Show.MINE}, ["Solved"]),
            ({"show": Show.FOLLOWING}, ["Solved"]),
            ({"tag": "answered"}, ["Answered"]),
            ({"tag": "' OR 1=1 --"}, []),
        ],
    )
    @pytest.mark.usefixtures("questions")
    def test_filters_and_orders(
        self, db: Session, asker: Actor, options: dict[str, object], expected: list[str]
    ) -> None:
        assert titles(db, asker, **options) == expected

    @pytest.mark.usefixtures("questions")
    def test_a_visitor_has_no_questions_of_their_own(self, db: Session) -> None:
        assert titles(db, VISITOR, show=Show.MINE) == titles(db, VISITOR, show=Show.FOLLOWING) == []

    def test_pages_follow_each_other_without_counting(self, db: Session) -> None:
        for number in range(5):
            make_question(db, title=f"Question {number}", at=START + timedelta(days=number))
        reader = make_actor(db)
        first, last = (queries.listing(db, reader, Window(number, 3)) for number in (1, 2))
        assert [question.title for question in (*first.items, *last.items)] == [
            f"Question {n}" for n in (4, 3, 2, 1, 0)
        ]
        assert (first.has_next, last.has_next) == (True, False)

    @pytest.mark.usefixtures("questions")
    def test_the_desk_gets_the_longest_waiting_first(self, db: Session) -> None:
        make_question(db, title="Waits longer", at=START - timedelta(days=1))
        agent = make_actor(db, Role.AGENT)
        found = queries.unanswered(db, agent, FIRST_PAGE)
        assert [question.title for question in found.items] == ["Waits longer", "Unanswered"]


class TestNewest:
    def test_home_shows_what_its_reader_may_see(self, db: Session) -> None:
        older = make_question(db, title="Older", is_public=True, at=START)
        newer = make_question(db, title="Newer", at=START + timedelta(days=1))
        assert [row.id for row in queries.newest(db, make_actor(db), 5)] == [newer.id, older.id]
        (row,) = queries.newest(db, VISITOR, 5)
        assert (row.title, row.url, row.is_solved) == ("Older", f"/questions/{older.id}/older", False)


class TestReaders:
    def test_the_same_rule_serves_list_page_card_and_mail(self, db: Session) -> None:
        party, agent = make_actor(db), make_actor(db, Role.AGENT)
        public, shared, hidden = make_question(db, is_public=True), make_question(db), make_question(db)
        moderation.hide(db, agent, hidden)
        expected = {VISITOR: {public.id}, party: {public.id, shared.id}, agent: {public.id, shared.id, hidden.id}}
        ids = [public.id, shared.id, hidden.id]
        for actor, seen in expected.items():
            assert {row.id for row in queries.listing(db, actor, FIRST_PAGE).items} == seen
            assert set(db.scalars(queries.visible(actor))) == seen
            assert {card.id for card in texts.cards(db, actor, ids)} == seen
            assert {number for number in ids if queries.readers(db, number, [actor])} == seen
            for number in set(ids) - seen:
                with pytest.raises(NotFound):
                    queries.get(db, actor, number)


class TestDocuments:
    def test_indexes_read_the_best_answers_first(self, db: Session) -> None:
        asker = make_actor(db)
        question = make_question(db, asker, title="Who pays?", body="We **must** know.")
        make_answer(db, question, body="A guess.")
        accepted = make_answer(db, question, body="The Party pays.")
        services.accept(db, asker, question, accepted)
        (found,) = texts.documents(db, ids=[question.id])
        assert found.texts == ("Who pays?", "Who pays?\nWe must know.")
        assert found.body == "We must know.\nThe Party pays.\nA guess."
        assert (found.is_solved, found.is_official, found.is_deleted, found.votes) == (True, False, False, 0)

    def test_only_what_changed_since_is_read(self, db: Session) -> None:
        first, second = make_question(db), make_question(db)
        assert [found.id for found in texts.documents(db, after_seq=first.seq)] == [second.id]

    def test_hidden_questions_leave_the_indexes(self, db: Session) -> None:
        question = make_question(db)
        moderation.hide(db, make_actor(db, Role.AGENT), question)
        (found,) = texts.documents(db, ids=[question.id])
        assert found.is_deleted

    def test_long_answers_are_cut(self, db: Session) -> None:
        question = make_question(db, body="Short")
        make_answer(db, question, body="x" * 9_000)
        (found,) = texts.documents(db, ids=[question.id])
        assert len(found.body) == len("Short\n") + texts.ANSWERS_LENGTH

    def test_cards_come_in_the_order_asked_for(self, db: Session) -> None:
        first, second = make_question(db), make_question(db)
        cards = texts.cards(db, make_actor(db), [second.id, first.id, 0])
        assert [card.id for card in cards] == [second.id, first.id]
        assert cards[0].url == f"/questions/{second.id}/how-do-we-become-a-dcc-user"


class TestAddress:
    @pytest.mark.parametrize(
        ("title", "slug"),
        [("Who pays, and when?", "who-pays-and-when"), ("???", "question"), ("Qui paie à Noël ?", "qui-paie-a-noel")],
    )
    def test_the_title_is_in_the_address(self, title: str, slug: str) -> None:
        assert Question(title=title).slug == slug
