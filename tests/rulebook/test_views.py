"""Pages of the code, as anybody opens them."""

import pytest
from sqlalchemy.orm import Session

from helpdesk.accounts.models import OrganisationRole
from helpdesk.kernel.policy import SYSTEM
from helpdesk.rulebook import queries, services
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind
from tests.client import PageClient
from tests.factories.accounts import make_organisation, make_user
from tests.factories.rulebook import add, make_code, make_version


class TestIndex:
    def test_an_empty_rulebook_says_so(self, client: PageClient) -> None:
        assert "No document is here yet" in client.get("/code").text

    def test_the_code_and_other_documents_are_listed(self, client: PageClient, db: Session) -> None:
        make_code(db)
        add(db, make_version(db, "aml", DocumentKind.RULEBOOK, title="Money Rules"), ClauseDraft(number="1"))
        page = client.get("/code").text
        assert 'href="/code/sec/G"' in page
        assert 'href="/code/aml"' in page

    def test_a_typed_number_opens_its_clause(self, client: PageClient, db: Session) -> None:
        make_code(db)
        assert client.get("/code?number=h1").location == "/code/sec/H1"
        assert client.get("/code?number=G4.9").location == "/code/sec/G4?asked=G4.9"

    @pytest.mark.parametrize("typed", ["Z9", "<script>", "a" * 5000, "\u202eסעיף", "%27%20OR%201=1"])
    def test_rubbish_is_answered_with_a_sentence(self, client: PageClient, db: Session, typed: str) -> None:
        make_code(db)
        page = client.get("/code", query_string={"number": typed})
        assert page.status_code == 200
        assert "There is no clause" in page.text
        assert "<script>" not in page.text

    def test_the_view_for_my_party_leaves_out_what_does_not_apply(self, client: PageClient, db: Session) -> None:
        version = make_version(db)
        add(
            db,
            version,
            ClauseDraft(number="A", heading="Definitions"),
            ClauseDraft(number="E", heading="Registration", applies_to=("electricity_network", "gas_network")),
            ClauseDraft(number="G", heading="Security", applies_to=("import_supplier",)),
        )
        organisation = make_organisation(db, category="gas_network")
        db.add(OrganisationRole(organisation_id=organisation.id, user_role="gas_transporter"))
        client.sign_in(make_user(db, organisation=organisation))
        page = client.get("/code?for=mine").text
        assert "/code/sec/E" in page
        assert "/code/sec/G" not in page
        assert "1 part is left out" in page
        assert "Show what applies to my Party" in client.get("/code").text


class TestDocument:
    def test_the_contents_stand_as_a_tree(self, client: PageClient, db: Session) -> None:
        make_code(db)
        page = client.get("/code/sec").text
        assert "G4 Information security" in page
        assert client.get("/code/sec?number=H1").location == "/code/sec/H1"

    def test_an_unknown_document_is_not_found(self, client: PageClient) -> None:
        assert client.get("/code/nothing").status_code == 404


class TestClause:
    def test_it_shows_text_path_neighbours_terms_and_links(self, client: PageClient, db: Session) -> None:
        make_code(db)
        services.set_glossary(db, SYSTEM, {"User": "one that finished user entry"})
        page = client.get("/code/sec/G3.20").text
        assert "Users keep records" in page
        assert 'href="/code/sec/G4.2(b)" title="G4.2(b)"' in page
        assert 'rel="prev" href="/code/sec/G3"' in page
        assert 'rel="next" href="/code/sec/G4"' in page
        assert 'href="/ask?clause=G3.20"' in page
        assert "http://127.0.0.1:8000/code/sec/G3.20" in page
        assert "one that finished user entry" in client.get("/code/sec/G4.2").text

    def test_what_cites_it_is_listed(self, client: PageClient, db: Session) -> None:
        make_code(db)
        page = client.get("/code/sec/G4.2(b)").text
        assert "Other clauses" in page
        assert 'href="/code/sec/G3.20"' in page

    @pytest.mark.parametrize(
        ("address", "leads_to"),
        [
            ("h1", "/code/sec/H1"),
            ("Section%20G", "/code/sec/G"),
            ("Appendix AD", "/code/sec/Appendix-AD"),
            ("G4.2(b)(ii)", "/code/sec/G4.2(b)?asked=G4.2%28b%29%28ii%29"),
        ],
    )
    def test_other_ways_to_write_it_lead_there(
        self, client: PageClient, db: Session, address: str, leads_to: str
    ) -> None:
        make_code(db)
        assert client.get(f"/code/sec/{address}").location == leads_to

    def test_a_fallback_says_that_it_is_one(self, client: PageClient, db: Session) -> None:
        make_code(db)
        page = client.get("/code/sec/G4.9", follow_redirects=True).text
        assert "“G4.9” is not in this version" in page

    def test_a_title_without_a_source_is_told_as_a_guess(self, client: PageClient, db: Session) -> None:
        add(db, make_version(db), ClauseDraft(number="Appendix C", heading="Compliance Policy", is_verified=False))
        page = client.get("/code/sec/Appendix-C").text
        assert "<h1>Appendix C (title not confirmed)</h1>" in page
        assert "thought to be “Compliance Policy”" in page

    def test_demonstration_text_says_so(self, client: PageClient, db: Session) -> None:
        add(db, make_version(db), ClauseDraft(number="G1", text="Invented.", is_demonstration=True))
        assert "Demonstration text" in client.get("/code/sec/G1").text

    def test_no_clause_near_it_is_not_found(self, client: PageClient, db: Session) -> None:
        make_code(db)
        assert client.get("/code/sec/Z9").status_code == 404
        assert client.get("/code/sec/" + "x" * 3000).status_code == 404

    def test_text_of_other_documents_is_not_read_as_citations(self, client: PageClient, db: Session) -> None:
        make_code(db)
        other = make_version(db, "aml", DocumentKind.RULEBOOK, title="Money Rules")
        add(db, other, ClauseDraft(number="1.", text="See Schedule 5 <b>of</b> these rules"))
        page = client.get("/code/aml/1").text
        assert "Schedule 5 &lt;b&gt;of" in page

    def test_a_long_clause_is_cut_in_lists_and_whole_on_its_page(self, client: PageClient, db: Session) -> None:
        version = make_version(db)
        add(db, version, ClauseDraft(number="G1"), ClauseDraft(number="G1.1", text="word " * 30_000))
        assert "Read all of G1.1" in client.get("/code/sec/G1").text
        assert client.get("/code/sec/G1.1").text.count("word") >= 30_000
        assert queries.by_number(db, "G1.1") is not None
