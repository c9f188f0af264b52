"""Backlinks follow the texts that cite and the code that is cited, and show nobody what they may not read."""

from datetime import date

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from helpdesk.kernel import events, sources
from helpdesk.kernel.policy import SYSTEM, VISITOR, Actor
from helpdesk.knowledge import queries as knowledge
from helpdesk.knowledge import services as answers
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.models import PublishedAnswer
from helpdesk.rulebook import queries, services
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.handlers import keep_citations
from helpdesk.rulebook.models import Citation, Clause
from tests.factories.accounts import make_actor
from tests.factories.rulebook import add, make_code, make_version


@pytest.fixture(autouse=True)
def _listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_handlers", {events.ContentChanged: (keep_citations,)})
    found = (queries.SOURCE, knowledge.ANSWERS)
    monkeypatch.setattr(sources, "_sources", {source.kind: source for source in found})


def publish(db: Session, body: str, audience: Audience = Audience.PUBLIC) -> PublishedAnswer:
    answer = answers.draft_answer(db, SYSTEM, question="What must a User keep?", body=body, audience=audience)
    answers.publish_answer(db, SYSTEM, answer)
    return answer


def citing(db: Session, clause: Clause, actor: Actor = VISITOR) -> list[tuple[str, list[int]]]:
    return [(group.kind, [card.id for card in group.cards]) for group in queries.backlinks(db, actor, clause)]


class TestKeeping:
    def test_a_text_is_listed_by_the_clause_that_it_cites(self, db: Session) -> None:
        clauses = make_code(db)
        answer = publish(db, "See section H1, twice: H1 and Section H1. Also SECMP0034 and BSC Section G.")
        assert citing(db, clauses["H1"]) == [("clause", [clauses["G4.2(b)"].id]), ("answer", [answer.id])]
        assert citing(db, clauses["Section G"]) == []

    def test_a_missing_clause_is_kept_with_the_nearest_above(self, db: Session) -> None:
        clauses = make_code(db)
        answer = publish(db, "See G4.9.")
        assert ("answer", [answer.id]) in citing(db, clauses["G4"])

    def test_an_edit_moves_the_citation(self, db: Session) -> None:
        clauses = make_code(db)
        answer = publish(db, "See Schedule 5.")
        assert citing(db, clauses["Schedule 5"]) == [("answer", [answer.id])]
        answers.edit_answer(
            db, SYSTEM, answer, question=answer.question, body="See G3.20.", audience=answer.audience, topic=""
        )
        assert citing(db, clauses["Schedule 5"]) == []
        assert citing(db, clauses["G3.20"]) == [("answer", [answer.id])]

    def test_a_clause_does_not_cite_itself(self, db: Session) -> None:
        clauses = add(db, make_version(db), ClauseDraft(number="G1", text="This section G1 and section G2."))
        assert citing(db, clauses["G1"]) == []

    def test_other_documents_number_their_own_clauses(self, db: Session) -> None:
        clauses = make_code(db)
        other = make_version(db, "aml", DocumentKind.RULEBOOK)
        add(db, other, ClauseDraft(number="1", text="Schedule 5 of these rules"))
        assert citing(db, clauses["Schedule 5"]) == []


class TestRebuilding:
    def test_a_new_version_takes_the_backlinks_over(self, db: Session) -> None:
        old = make_code(db)["H1"]
        answer = publish(db, "See section H1.")
        version = db.get_one(Clause, old.id).version_id
        newer = make_version(db, label="Second", in_force_from=date(2027, 1, 1))
        new = add(db, newer, ClauseDraft(number="Section H"), ClauseDraft(number="H1"))["H1"]
        assert new.version_id != version
        assert services.rebuild_citations(db) == 1
        assert citing(db, new) == [("answer", [answer.id])]
        assert citing(db, old) == []

    def test_rebuilding_twice_changes_nothing(self, db: Session) -> None:
        make_code(db)
        publish(db, "See section H1 and G4.2(b).")
        ids = set(db.scalars(select(Citation.id)))
        assert services.rebuild_citations(db) == len(ids)
        assert set(db.scalars(select(Citation.id))) == ids


class TestReading:
    def test_a_reader_sees_only_what_they_may_read(self, db: Session) -> None:
        clauses = make_code(db)
        answer = publish(db, "See Schedule 5.", Audience.PARTIES)
        assert citing(db, clauses["Schedule 5"]) == []
        assert citing(db, clauses["Schedule 5"], make_actor(db)) == [("answer", [answer.id])]

    def test_a_clause_that_everybody_cites_shows_the_newest(self, db: Session) -> None:
        clauses = make_code(db)
        made = [publish(db, "See Schedule 5.").id for _ in range(queries.BACKLINKS + 1)]
        [group] = queries.backlinks(db, VISITOR, clauses["Schedule 5"])
        assert group.has_more
        assert [card.id for card in group.cards] == made[:0:-1]

    def test_the_number_of_queries_does_not_grow_with_the_number_of_texts(self, db: Session) -> None:
        clauses = make_code(db)
        for _ in range(5):
            publish(db, "See Schedule 5.")
        db.flush()
        said: list[str] = []
        connection = db.connection()
        listener = lambda conn, cursor, statement, *rest: said.append(statement)  # noqa: E731
        event.listen(connection, "before_cursor_execute", listener)
        queries.backlinks(db, VISITOR, clauses["Schedule 5"])
        event.remove(connection, "before_cursor_execute", listener)
        assert len(said) <= 1 + 2
        assert db.scalar(select(func.count()).select_from(Citation)) > 5
