"""The portal's word search."""

import pytest

from helpdesk.kernel import clock
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import SYSTEM, VISITOR, Role
from helpdesk.knowledge.enums import Audience
from helpdesk.rulebook import services as rulebook
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.triage import engine
from helpdesk.triage.queries.words import search
from helpdesk.triage.services.suggesting import suggest
from tests.factories.accounts import make_actor
from tests.factories.knowledge import make_answer, make_article
from tests.factories.tickets import make_ticket
from tests.factories.triage import index_all


def find(db, query: str, actor=VISITOR, kind: str = "", page: int = 1, size: int = 10):
    return search(db, actor, query, kind=kind, window=Window(page, size))


def titles(db, query: str, actor=VISITOR, kind: str = "") -> list[str]:
    return [item.title for item in find(db, query, actor, kind).items]


@pytest.fixture
def clause(db, using):
    document = rulebook.add_document(
        db, SYSTEM, slug="sec", title="Smart Energy Code", kind=DocumentKind.SECTION_SET, position=0
    )
    version = rulebook.add_version(db, SYSTEM, document, label="1", in_force_from=clock.now().date())
    drafts = [
        ClauseDraft(number="H14.31", heading="Testing", text="Testing is arranged on request."),
        ClauseDraft(number="G3.20", heading="Screening", text="Staff are screened."),
    ]
    rulebook.add_clauses(db, SYSTEM, version, drafts)
    db.flush()
    return document


class TestWords:
    def test_all_words_must_be_there_in_any_form(self, db, using) -> None:
        make_answer(db, "How are charges paid", body="By invoice.")
        make_answer(db, "Who pays for the hub", body="The supplier.")

        assert titles(db, "charge paid by invoices") == ["How are charges paid"]

    def test_any_word_counts_when_no_item_has_all(self, db, using) -> None:
        make_answer(db, "How are charges paid")

        assert titles(db, "charges unicorn") == ["How are charges paid"]

    def test_matching_words_are_marked_and_the_rest_escaped(self, db, using) -> None:
        make_answer(db, "Invoices", body="<script>alert(1)</script> An invoice is sent.")

        (item,) = find(db, "invoice").items

        assert "<mark>invoice</mark>" in item.excerpt
        assert "<script>" not in item.excerpt

    def test_a_kind_can_be_chosen(self, db, using) -> None:
        make_answer(db, "Charges")
        make_article(db, "Charges explained")

        assert titles(db, "charges", kind="article") == ["Charges explained"]
        assert titles(db, "charges", kind="nonsense") == []

    def test_pages_follow_each_other_without_counting(self, db, using) -> None:
        for number in range(5):
            make_answer(db, f"Charges of kind {number}")

        first, second, third = (find(db, "charges", page=page, size=2) for page in (1, 2, 3))

        assert [page.has_next for page in (first, second, third)] == [True, True, False]
        ids = [item.id for page in (first, second, third) for item in page.items]
        assert len(set(ids)) == 5

    @pytest.mark.parametrize("query", ["", " ", '"', "* AND (", "'; --", "a\x00b", "😀", "the of and", "word " * 3000])
    def test_rubbish_finds_nothing_and_breaks_nothing(self, db, using, query: str) -> None:
        make_answer(db, "Charges")

        assert titles(db, query) == []


class TestExactNames:
    def test_a_clause_number_leads_to_its_page(self, db, using, clause) -> None:
        make_answer(db, "What does H14.31 mean")

        for query in ("H14.31", "h14.31", "Section H14.31"):
            found = find(db, query)
            assert found.exact_url == "/code/sec/H14.31"
            assert found.items[0].kind == "clause"

    def test_a_reference_leads_to_the_own_ticket_only(self, db, using) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member, subject="About a levy")

        assert find(db, ticket.reference.lower(), member).exact_url == f"/tickets/{ticket.reference}"
        assert find(db, ticket.reference, make_actor(db)).exact_url == ""
        assert titles(db, ticket.reference, make_actor(db)) == []

    def test_a_cited_clause_is_suggested_first(self, db, using, clause) -> None:
        make_answer(db, "Is testing on request arranged as H14.31 says")
        index_all(db, using)

        found = suggest(db, VISITOR, "testing on request under Section H14.31")

        assert (found.items[0].kind, found.items[0].url) == ("clause", "/code/sec/H14.31")
        assert found.items[0].probability > 0.9

    def test_a_cited_clause_comes_first_where_words_alone_are_searched(self, db, using, clause) -> None:
        make_answer(db, "What a supplier in the smart metering system must do as Section H14.31 says")
        hidden = make_ticket(db, make_actor(db), subject="What a supplier must do")
        index_all(db, using)
        engine.use(None)

        text = f"what does Section H14.31 ask of a supplier in the smart metering system, as in {hidden.reference}"
        found = suggest(db, VISITOR, text).items

        assert [item.kind for item in found] == ["clause", "answer"]
        assert found[0].reasons == ("You named it.",)


class TestRights:
    def test_private_words_are_found_by_those_who_may_read_them(self, db, using) -> None:
        member = make_actor(db)
        make_ticket(db, member, subject="About a levy", body="The password is xyzzyx.")
        make_answer(db, "For staff xyzzyx", audience=Audience.STAFF)

        assert titles(db, "xyzzyx", member) == ["About a levy"]
        assert titles(db, "xyzzyx", make_actor(db)) == []
        assert titles(db, "xyzzyx", VISITOR) == []
        assert set(titles(db, "xyzzyx", make_actor(db, Role.AGENT))) == {"About a levy", "For staff xyzzyx"}

    def test_notes_between_staff_are_not_searched(self, db, using) -> None:
        from helpdesk.tickets import services as tickets

        member, agent = make_actor(db), make_actor(db, Role.AGENT)
        ticket = make_ticket(db, member, subject="About a levy")
        tickets.note(db, agent, tickets.queries.get(db, agent, ticket.id), "The requester is xyzzyx.")

        assert titles(db, "xyzzyx", member) == []
        assert titles(db, "xyzzyx", agent) == []
