"""Clauses found by address and number, with what is around them."""

import pytest
from sqlalchemy.orm import Session

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.policy import VISITOR
from helpdesk.rulebook import queries
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.resolver import CodeMemory
from tests.factories.accounts import make_actor, make_organisation
from tests.factories.rulebook import add, make_code, make_version


class TestFinding:
    @pytest.mark.parametrize(
        ("typed", "number", "is_exact"),
        [
            ("section g", "Section G", True),
            ("h1", "H1", True),
            ("G4.2(b)", "G4.2(b)", True),
            ("G4.2(b)(ii)", "G4.2(b)", False),
            ("G4.3", "G4", False),
            ("Appendix AD 3.2", "Appendix AD", False),
            ("Schedule 5", "Schedule 5", True),
        ],
    )
    def test_a_typed_number_leads_to_its_clause_or_the_nearest_above(
        self, db: Session, typed: str, number: str, is_exact: bool
    ) -> None:
        clauses = make_code(db)
        version = queries.section_set(db)
        assert version is not None
        assert queries.nearest(db, version, typed) == queries.Nearest(clauses[number], is_exact)

    @pytest.mark.parametrize("typed", ["Z1", "hello", "", "' OR 1=1 --", "👩🏽"])
    def test_what_leads_nowhere_is_nothing(self, db: Session, typed: str) -> None:
        make_code(db)
        version = queries.section_set(db)
        assert version is not None
        assert queries.nearest(db, version, typed) is None

    def test_other_documents_are_found_by_their_own_numbers(self, db: Session) -> None:
        version = make_version(db, "aml", DocumentKind.RULEBOOK)
        clauses = add(db, version, ClauseDraft(number="1.2.Guidance"), ClauseDraft(number="1.2.Guidance.3."))
        assert queries.nearest(db, version, "1.2.guidance.3") == queries.Nearest(clauses["1.2.Guidance.3."], True)
        assert queries.nearest(db, version, "1.2.Guidance.9") == queries.Nearest(clauses["1.2.Guidance"], False)

    def test_an_unknown_id_and_document_are_not_found(self, db: Session) -> None:
        with pytest.raises(NotFound):
            queries.get(db, VISITOR, 999_999)
        with pytest.raises(NotFound):
            queries.current_version(db, "nothing")

    def test_without_a_section_set_nothing_is_cited(self, db: Session) -> None:
        assert queries.by_number(db, "H1") is None
        assert queries.set_links(db) == {}


class TestTitles:
    def test_a_title_that_no_source_confirms_is_not_told_as_fact(self, db: Session) -> None:
        draft = ClauseDraft(number="Appendix C", heading="SMKI Compliance Policy", is_verified=False)
        clause = add(db, make_version(db), draft)["Appendix C"]
        [card] = queries.SOURCE.cards(db, VISITOR, [clause.id])
        assert card.title == "Appendix C (title not confirmed)"
        [document] = queries.SOURCE.documents(db, ids=[clause.id])
        assert "SMKI Compliance Policy" in document.title


class TestAround:
    def test_above_below_before_and_after(self, db: Session) -> None:
        clauses = make_code(db)
        around = queries.family(db, clauses["G4.2"])
        assert [clause.number for clause in around.above] == ["Section G", "G4"]
        assert [clause.number for clause in around.below] == ["G4.2(b)"]
        assert around.previous is not None
        assert around.next is not None
        assert (around.previous.number, around.next.number) == ("G4", "G4.2(b)")

    def test_the_first_clause_has_nothing_before_it(self, db: Session) -> None:
        around = queries.family(db, make_code(db)["Section G"])
        assert (around.above, around.previous) == ([], None)


class TestSource:
    def test_documents_follow_the_order_of_changes(self, db: Session) -> None:
        clauses = make_code(db)
        found = list(queries.SOURCE.documents(db))
        assert [document.seq for document in found] == sorted(document.seq for document in found)
        later = list(queries.SOURCE.documents(db, after_seq=found[3].seq))
        assert [document.id for document in later] == [document.id for document in found[4:]]
        by_id = {document.id: document for document in found}
        assert by_id[clauses["G3.20"].id].texts == ("Users keep records, as section G4.2(b) explains.",)
        assert by_id[clauses["H1"].id].heading_path == "Smart Energy Code › Section H DCC Services"

    def test_cards_come_in_the_order_asked_for(self, db: Session) -> None:
        clauses = make_code(db)
        ids = [clauses["H1"].id, 999_999, clauses["G4"].id]
        cards = queries.SOURCE.cards(db, VISITOR, ids)
        assert [(card.title, card.url) for card in cards] == [
            ("H1 User Entry Process", "/code/sec/H1"),
            ("G4 Information security", "/code/sec/G4"),
        ]

    def test_everybody_reads_the_code(self, db: Session) -> None:
        clauses = make_code(db)
        for actor in (VISITOR, make_actor(db)):
            assert set(db.scalars(queries.visible(actor))) == {clause.id for clause in clauses.values()}


class TestPartyWords:
    def test_category_and_user_roles_are_read_together(self, db: Session) -> None:
        from helpdesk.accounts.models import OrganisationRole

        organisation = make_organisation(db, category="gas_network")
        db.add(OrganisationRole(organisation_id=organisation.id, user_role="gas_transporter"))
        actor = make_actor(db, organisation=organisation)
        assert queries.party_words(db, actor) == {"gas_network", "gas_transporter"}
        assert queries.party_words(db, VISITOR) == frozenset()


class TestMemory:
    def test_citations_lead_to_clauses_and_say_when_only_near(self, db: Session) -> None:
        make_code(db)
        db.commit()
        found = CodeMemory().link("Section H1, G4.3, Section Z9, BSC Section G and SECMP0034")
        assert [(each.url, each.title) for each in found] == [
            ("/code/sec/H1", "H1 User Entry Process"),
            ("/code/sec/G4", "G4.3 is not in this version; nearest is G4 Information security"),
        ]

    def test_a_change_is_followed(self, db: Session) -> None:
        memory = CodeMemory(look_again_seconds=0)
        make_code(db)
        db.commit()
        assert memory.link("Section H2")[0].url == "/code/sec/H"
        version = queries.section_set(db)
        assert version is not None
        add(db, version, ClauseDraft(number="H2", heading="New"))
        db.commit()
        assert memory.link("Section H2")[0].title == "H2 New"

    def test_terms_are_explained_in_their_own_capitals(self, db: Session) -> None:
        from helpdesk.kernel.policy import SYSTEM
        from helpdesk.rulebook import services

        services.set_glossary(db, SYSTEM, {"Party": "one that acceded", "SMKI PMA": "b", "SMKI": "c"})
        db.commit()
        memory = CodeMemory()
        assert memory.terms_in("Each Party tells the SMKI PMA; a party may not.") == [
            ("Party", "one that acceded"),
            ("SMKI PMA", "b"),
        ]

    @pytest.mark.parametrize(
        ("question", "terms"),
        [
            ("what is smki", ["SMKI"]),
            ("What is a party?", ["Party"]),
            ("who must a party tell when it no longer wants its SMKI certificates", ["SMKI"]),
            ("smki pma", ["SMKI PMA"]),
            ("what would happen to us and our customers under a SoLR event", ["SoLR"]),
            ("who tells us of a change to the solr", ["SoLR"]),
            ("which charges are Fixed Charges and which are not", []),
            ("may it go on", []),
            ("May IT go on?", ["IT"]),
            ("smk\u0130 and \u017fmki", ["SMKI"]),
            ("smking about skip", []),
            ("", []),
        ],
    )
    def test_a_question_gets_its_terms_explained(self, db: Session, question: str, terms: list[str]) -> None:
        from helpdesk.kernel.policy import SYSTEM
        from helpdesk.rulebook import services

        meanings = {"Party": "one that acceded", "SMKI PMA": "b", "SMKI": "c", "IT": "two letters"}
        meanings |= {"SoLR": "one that steps in", "Fixed Charges": "d"}
        services.set_glossary(db, SYSTEM, meanings)
        db.commit()
        assert CodeMemory().asked_about(question) == [(term, meanings[term]) for term in terms]
