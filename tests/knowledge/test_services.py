"""Drafting, publishing, archiving, and whether it helped."""

import pytest
from sqlalchemy import select

from helpdesk.kernel import policy
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid
from helpdesk.kernel.models import EventRow
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.knowledge import queries, services
from helpdesk.knowledge.enums import Audience, State
from helpdesk.knowledge.models import DraftSource
from helpdesk.knowledge.policy import RULES, Can
from helpdesk.knowledge.services import WordingFrom
from tests.factories.accounts import make_actor
from tests.factories.knowledge import make_answer, make_article


class TestDrafting:
    def test_a_draft_keeps_its_wordings_and_sources_once(self, db, app) -> None:
        answer = services.draft_answer(
            db,
            make_actor(db, Role.AGENT),
            question="  How do we   join? ",
            body="Send the form.",
            wordings=[
                "Joining",
                "Joining",
                " ",
                "How do we join?",
                WordingFrom(text="Become a Party", kind="question", id=7),
            ],
            sources=[("question", 7), ("question", 7), ("ticket", 3)],
        )

        assert (answer.question, answer.slug, answer.state) == ("How do we join?", "how-do-we-join", State.DRAFT)
        assert [(row.text, row.from_kind, row.from_id) for row in answer.wordings] == [
            ("Joining", "", None),
            ("Become a Party", "question", 7),
        ]
        sources = db.scalars(select(DraftSource).where(DraftSource.answer_id == answer.id)).all()
        assert {(row.kind, row.object_id) for row in sources} == {("question", 7), ("ticket", 3)}

    def test_equal_questions_get_addresses_of_their_own(self, db, app) -> None:
        slugs = [make_answer(db, "How do we join?").slug for _ in range(3)]

        assert slugs == ["how-do-we-join", "how-do-we-join-2", "how-do-we-join-3"]

    @pytest.mark.parametrize("question", ["New", "???", "مرحبا"])
    def test_every_question_gets_an_address_that_no_page_uses(self, db, app, question: str) -> None:
        assert make_answer(db, question).slug not in {"new", ""}

    def test_no_question_is_refused(self, db, app) -> None:
        with pytest.raises(Invalid):
            services.draft_answer(db, SYSTEM, question="   ", body="Text.")

    def test_chosen_categories_need_a_choice(self, db, app) -> None:
        with pytest.raises(Invalid, match="at least one Party category"):
            make_answer(db, audience=Audience.CATEGORIES)

    def test_a_member_may_not(self, db, app) -> None:
        with pytest.raises(Forbidden):
            services.draft_answer(db, make_actor(db), question="How?", body="So.")


class TestEditing:
    def test_the_address_stays_and_the_number_rises(self, db, app) -> None:
        answer = make_answer(db, "How do we join?", is_published=False)
        before = answer.seq

        services.edit_answer(
            db, make_actor(db, Role.AGENT), answer, question="How does one join?", body="So.", audience=Audience.PARTIES
        )

        assert (answer.slug, answer.audience) == ("how-do-we-join", Audience.PARTIES)
        assert answer.seq > before

    def test_a_wording_that_stays_keeps_where_it_came_from(self, db, app) -> None:
        answer = make_answer(db, is_published=False, wordings=[WordingFrom(text="Joining", kind="ticket", id=3)])

        services.edit_answer(
            db,
            SYSTEM,
            answer,
            question=answer.question,
            body="So.",
            audience=Audience.PUBLIC,
            wordings=["Joining", "Becoming a Party"],
        )

        assert [(row.text, row.from_kind) for row in answer.wordings] == [
            ("Joining", "ticket"),
            ("Becoming a Party", ""),
        ]

    def test_an_agent_may_not_change_what_is_published(self, db, app) -> None:
        answer = make_answer(db)

        with pytest.raises(Forbidden):
            services.edit_answer(
                db, make_actor(db, Role.AGENT), answer, question="Q", body="B", audience=Audience.PUBLIC
            )

    def test_a_known_wording_changes_nothing(self, db, app) -> None:
        answer = make_answer(db, wordings=["Joining"])
        before = answer.seq

        services.add_wording(db, SYSTEM, answer, WordingFrom(text="Joining"))
        assert answer.seq == before

        services.add_wording(db, SYSTEM, answer, WordingFrom(text="Becoming a Party"))
        assert answer.seq > before


class TestPublishing:
    def test_a_lead_publishes_and_an_event_says_so(self, db, app) -> None:
        answer = make_answer(db, is_published=False)

        services.publish_answer(db, make_actor(db, Role.LEAD), answer)

        assert answer.state == State.PUBLISHED
        assert answer.published_at is not None
        assert "AnswerPublished" in db.scalars(select(EventRow.name)).all()

    def test_an_agent_may_not(self, db, app) -> None:
        with pytest.raises(Forbidden):
            services.publish_answer(db, make_actor(db, Role.AGENT), make_answer(db, is_published=False))

    def test_twice_is_a_conflict(self, db, app) -> None:
        with pytest.raises(Conflict):
            services.publish_answer(db, SYSTEM, make_answer(db))

    def test_an_empty_answer_is_refused(self, db, app) -> None:
        with pytest.raises(Invalid, match="no text"):
            services.publish_answer(db, SYSTEM, make_answer(db, body="  ", is_published=False))

    def test_an_archived_one_can_come_back(self, db, app) -> None:
        answer = make_answer(db)
        services.archive_answer(db, SYSTEM, answer)

        services.publish_answer(db, SYSTEM, answer)

        assert answer.state == State.PUBLISHED

    def test_articles_go_the_same_way(self, db, app) -> None:
        article = make_article(db)
        assert article.state == State.PUBLISHED

        services.edit_article(db, SYSTEM, article, title="New title", summary="S", body="B", audience=Audience.STAFF)
        services.archive_article(db, SYSTEM, article)

        assert (article.title, article.audience, article.state) == ("New title", Audience.STAFF, State.ARCHIVED)


class TestHelpfulness:
    def test_one_person_counts_once_and_may_change_their_mind(self, db, app) -> None:
        answer, member = make_answer(db), make_actor(db)

        for is_helpful in (True, True, False):
            services.mark_helpful(db, member, answer, is_helpful=is_helpful)
            db.flush()
        services.mark_helpful(db, make_actor(db), answer, is_helpful=True)
        db.flush()
        db.refresh(answer)

        assert (answer.helpful_count, answer.unhelpful_count) == (1, 1)
        assert queries.helpful_mark(db, member, answer.id) is False

    def test_a_visitor_may_not(self, db, app) -> None:
        with pytest.raises(Forbidden):
            services.mark_helpful(db, policy.VISITOR, make_answer(db), is_helpful=True)


class TestPermissions:
    @pytest.mark.parametrize(
        ("role", "allowed"),
        [
            (Role.VISITOR, set()),
            (Role.MEMBER, {Can.MARK_HELPFUL}),
            (Role.PARTY_ADMIN, {Can.MARK_HELPFUL}),
            (Role.AGENT, {Can.MARK_HELPFUL, Can.WRITE}),
            (Role.LEAD, {Can.MARK_HELPFUL, Can.WRITE, Can.PUBLISH}),
            (Role.ADMIN, {Can.MARK_HELPFUL, Can.WRITE, Can.PUBLISH}),
        ],
    )
    def test_every_role_against_every_permission(self, role: Role, allowed: set[Can]) -> None:
        actor = policy.Actor(id=None if role is Role.VISITOR else 1, role=role)

        assert {permission for permission in Can if policy.can(RULES, actor, permission)} == allowed
