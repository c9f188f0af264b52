"""Who reads which answers and articles."""

import pytest

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import SYSTEM, VISITOR, Actor, Role
from helpdesk.knowledge import queries, services
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.plain import opening, plain
from tests.factories.knowledge import make_answer, make_article

GAS = Actor(id=1, role=Role.MEMBER, organisation_id=1, category="gas_network")
OTHER = Actor(id=2, role=Role.MEMBER, organisation_id=2, category="other")
AGENT = Actor(id=3, role=Role.AGENT)
READERS = {"visitor": VISITOR, "gas": GAS, "other": OTHER, "agent": AGENT}


class TestVisible:
    @pytest.mark.parametrize(
        ("audience", "readers"),
        [
            (Audience.PUBLIC, {"visitor", "gas", "other", "agent"}),
            (Audience.PARTIES, {"gas", "other", "agent"}),
            (Audience.CATEGORIES, {"gas", "agent"}),
            (Audience.STAFF, {"agent"}),
        ],
    )
    def test_an_audience_reads_what_is_for_it(self, db, app, audience: Audience, readers: set[str]) -> None:
        categories = ["gas_network", "dcc"] if audience is Audience.CATEGORIES else []
        answer = make_answer(db, audience=audience, categories=categories)
        article = make_article(db, audience=audience, categories=categories)

        for name, actor in READERS.items():
            assert (answer.id in db.scalars(queries.visible(actor)).all()) == (name in readers), name
            assert (article.id in db.scalars(queries.visible_articles(actor)).all()) == (name in readers), name

    def test_lists_pages_cards_and_search_agree(self, db, app) -> None:
        shown, hidden = make_answer(db), make_answer(db, audience=Audience.STAFF)

        assert [row.id for row in queries.listing(db, VISITOR, Window(1, 10)).items] == [shown.id]
        assert [row.id for row in queries.latest(db, VISITOR, 10)] == [shown.id]
        assert [card.id for card in queries.answer_cards(db, VISITOR, [shown.id, hidden.id])] == [shown.id]
        assert queries.by_slug(db, VISITOR, shown.slug).id == shown.id
        with pytest.raises(NotFound):
            queries.by_slug(db, VISITOR, hidden.slug)
        with pytest.raises(NotFound):
            queries.get(db, VISITOR, hidden.id)

    def test_drafts_and_archived_ones_are_for_staff(self, db, app) -> None:
        draft, old = make_answer(db, is_published=False), make_answer(db)
        services.archive_answer(db, SYSTEM, old)

        assert db.scalars(queries.visible(GAS)).all() == []
        assert [row.id for row in queries.listing(db, AGENT, Window(1, 10)).items] == [draft.id]
        assert [row.id for row in queries.listing(db, AGENT, Window(1, 10), state="archived").items] == [old.id]

    def test_a_topic_narrows_the_list(self, db, app) -> None:
        make_answer(db, topic="charges")
        wanted = make_answer(db, topic="accession")

        assert [row.id for row in queries.listing(db, VISITOR, Window(1, 10), topic="accession").items] == [wanted.id]

    def test_an_article_that_is_not_there_is_not_found(self, db, app) -> None:
        with pytest.raises(NotFound):
            queries.article_by_slug(db, AGENT, "nothing")


class TestDocuments:
    def test_every_wording_is_a_text(self, db, app) -> None:
        answer = make_answer(db, "How do we join?", wordings=["Joining", "Become a Party"])

        (document,) = queries.answer_documents(db, ids=[answer.id])

        assert document.texts == ("How do we join?", "Joining", "Become a Party")
        assert (document.is_deleted, document.is_official) == (False, True)

    def test_they_come_in_the_order_of_their_changes(self, db, app) -> None:
        first, second = make_answer(db), make_answer(db)
        services.edit_answer(db, SYSTEM, first, question="Q", body="B", audience=Audience.PUBLIC)
        db.flush()

        assert [document.id for document in queries.answer_documents(db)] == [second.id, first.id]
        assert [document.id for document in queries.answer_documents(db, after_seq=second.seq)] == [first.id]

    def test_a_draft_leaves_the_indexes(self, db, app) -> None:
        article = make_article(db, is_published=False)

        assert [document.is_deleted for document in queries.article_documents(db, ids=[article.id])] == [True]


class TestPlainText:
    @pytest.mark.parametrize(
        ("body", "body_format", "expected"),
        [
            ("# Title\n\n- **bold** and [a link](https://x.example)", "markdown", "Title\n\nbold and a link"),
            ("<p>One &amp; two</p><p>Three</p>", "html", "One & two\nThree"),
            ("<script>alert(1)</script>Text", "html", "Text"),
        ],
    )
    def test_marks_go_and_words_stay(self, body: str, body_format: str, expected: str) -> None:
        assert plain(body, body_format) == expected

    def test_an_opening_ends_between_words(self) -> None:
        assert opening("word " * 100, 12) == "word word …"
