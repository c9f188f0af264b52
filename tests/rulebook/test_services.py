"""Documents, versions and clauses written; repeating changes nothing."""

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.kernel import events
from helpdesk.kernel.errors import Forbidden, Invalid
from helpdesk.kernel.events import ContentChanged
from helpdesk.kernel.models import JobRow
from helpdesk.kernel.policy import SYSTEM, VISITOR, Actor, Role
from helpdesk.rulebook import queries, services
from helpdesk.rulebook.drafts import Added, ClauseDraft, CodeDraft, DocumentDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.models import Clause, Document, DocumentVersion
from tests.factories.rulebook import add, make_code, make_version

NEXT_YEAR = date(2027, 1, 1)


class TestAddingDocuments:
    def test_a_document_added_again_takes_its_new_title(self, db: Session) -> None:
        first, second = make_version(db, title="Old"), make_version(db, title="New")
        assert first.document_id == second.document_id
        assert db.get_one(Document, second.document_id).title == "New"

    def test_two_documents_cannot_share_an_address(self, db: Session) -> None:
        make_version(db)
        with pytest.raises(Invalid, match="/code/sec"):
            services.add_document(db, SYSTEM, slug="sec", title="B", kind=DocumentKind.GUIDANCE, source_id="other")

    @pytest.mark.parametrize("role", [Role.VISITOR, Role.MEMBER, Role.PARTY_ADMIN, Role.AGENT])
    def test_only_leads_and_administrators_write_the_code(self, db: Session, role: Role) -> None:
        with pytest.raises(Forbidden):
            services.add_document(db, Actor(id=1, role=role), slug="a", title="A", kind=DocumentKind.GUIDANCE)


class TestAddingVersions:
    def test_a_new_version_ends_the_one_before_and_takes_its_clauses_out_of_the_indexes(self, db: Session) -> None:
        old = make_code(db)["G4.2"]
        before = old.seq
        newer = make_version(db, label="Second", in_force_from=NEXT_YEAR)
        add(db, newer, ClauseDraft(number="G4.2", text="Changed"))
        ended = db.get_one(DocumentVersion, old.version_id)
        assert ended.in_force_to == NEXT_YEAR
        assert old.seq > before
        shown = {document.id: document.is_deleted for document in queries.SOURCE.documents(db, after_seq=before)}
        assert shown[old.id]
        assert queries.by_number(db, "G4.2").text == "Changed"
        assert old.id not in db.scalars(queries.visible(VISITOR)).all()

    def test_the_same_label_is_the_same_version(self, db: Session) -> None:
        assert make_version(db).id == make_version(db, in_force_from=NEXT_YEAR).id

    def test_an_older_version_cannot_follow_a_newer_one(self, db: Session) -> None:
        make_version(db)
        with pytest.raises(Invalid, match="later date"):
            make_version(db, label="Older", in_force_from=date(2020, 1, 1))


class TestAddingClauses:
    def test_each_finds_the_clause_above_it_its_address_and_its_path(self, db: Session) -> None:
        clauses = make_code(db)
        found = clauses["G4.2(b)"]
        assert found.parent_id == clauses["G4.2"].id
        assert (found.depth, found.address) == (3, "G4.2(b)")
        assert found.heading_path == "Section G Security › G4 Information security › G4.2"
        assert clauses["Appendix AD"].address == "Appendix-AD"
        assert [clause.position for clause in clauses.values()] == list(range(len(clauses)))

    def test_adding_them_again_changes_nothing(self, db: Session) -> None:
        seqs = [clause.seq for clause in make_code(db).values()]
        assert [clause.seq for clause in make_code(db).values()] == seqs

    def test_a_changed_clause_alone_is_told_to_the_indexes(self, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        clauses = make_code(db)
        heard: list[ContentChanged] = []
        monkeypatch.setattr(events, "_handlers", {ContentChanged: (lambda db, event: heard.append(event),)})
        changed = ClauseDraft(number="H1", heading="User Entry Process", text="New words")
        version = db.get_one(DocumentVersion, clauses["H1"].version_id)
        added = services.add_clauses(db, SYSTEM, version, [changed])
        assert added == Added(changed=1, missing=len(clauses) - 1)
        assert [event.ids for event in heard] == [(clauses["H1"].id,)]

    def test_a_clause_that_is_new_in_the_middle_moves_those_behind_it(self, db: Session) -> None:
        version = make_version(db)
        add(db, version, ClauseDraft(number="G1"), ClauseDraft(number="G3"))
        add(db, version, ClauseDraft(number="H1"))
        clauses = add(db, version, ClauseDraft(number="G1"), ClauseDraft(number="G2"), ClauseDraft(number="G3"))
        db.expire_all()
        assert [(clause.number, clause.position) for clause in clauses.values()] == [
            *(("G1", 0), ("G2", 1), ("G3", 2), ("H1", 3)),
        ]

    def test_one_number_given_twice_makes_two_clauses_with_their_own_addresses(self, db: Session) -> None:
        version = make_version(db, "mkt", DocumentKind.RULEBOOK)
        rows = [
            ClauseDraft(number="1.", heading="ONE", source_id="a"),
            ClauseDraft(number="1.1", text="first", source_id="b"),
            ClauseDraft(number="1.", heading="AGAIN", source_id="c"),
            ClauseDraft(number="1.2", text="second", source_id="d"),
        ]
        services.add_clauses(db, SYSTEM, version, rows)
        shown = db.scalars(select(Clause).where(Clause.version_id == version.id).order_by(Clause.position)).all()
        assert [clause.address for clause in shown] == ["1", "1.1", "1~2", "1.2"]
        assert [shown[1].heading_path, shown[3].heading_path] == ["1. ONE", "1. AGAIN"]
        assert services.add_clauses(db, SYSTEM, version, rows) == Added(unchanged=4)

    def test_a_parent_may_be_named(self, db: Session) -> None:
        version = make_version(db, "memo", DocumentKind.GUIDANCE)
        clauses = add(db, version, ClauseDraft(number="Intro"), ClauseDraft(number="12", parent="Intro"))
        assert clauses["12"].parent_id == clauses["Intro"].id
        with pytest.raises(Invalid, match="has not come before"):
            add(db, version, ClauseDraft(number="13", parent="Nowhere"))

    def test_a_number_outside_the_grammar_is_refused_in_the_section_set(self, db: Session) -> None:
        with pytest.raises(Invalid, match="not a number of the code"):
            add(db, make_version(db), ClauseDraft(number="Part 2"))

    def test_citations_are_looked_for_again_once(self, db: Session) -> None:
        make_code(db)
        jobs = select(func.count()).select_from(JobRow).where(JobRow.name == services.REBUILD_JOB)
        assert db.scalar(jobs) == 1


class TestGlossary:
    def test_terms_are_added_changed_and_left_alone(self, db: Session) -> None:
        assert services.set_glossary(db, SYSTEM, {"Party": "a", "User": "b"}) == 2
        before = queries.last_seq(db)
        assert services.set_glossary(db, SYSTEM, {"Party": "a", "User": "c"}) == 1
        assert queries.glossary(db) == {"Party": "a", "User": "c"}
        assert queries.last_seq(db) > before


class TestImportingCode:
    def test_all_documents_come_in_or_none(self, db: Session) -> None:
        good = DocumentDraft(source_id="1", slug="a", title="A", clauses=[ClauseDraft(number="1")])
        bad = DocumentDraft(
            source_id="2", slug="b", title="B", kind=DocumentKind.SECTION_SET, clauses=[ClauseDraft(number="?")]
        )
        with pytest.raises(Invalid), db.begin_nested():
            services.import_code(db, SYSTEM, CodeDraft(documents=[good, bad]), label="Current", in_force_from=NEXT_YEAR)
        assert db.scalar(select(func.count()).select_from(Document)) == 0
