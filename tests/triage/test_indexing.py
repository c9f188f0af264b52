"""Indexes follow their items: in the transaction, by the job, and in every process."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import select

from helpdesk import schema
from helpdesk.kernel import db as database
from helpdesk.kernel.db import Base, Database
from helpdesk.kernel.models import JobRow
from helpdesk.kernel.policy import SYSTEM, VISITOR, Role
from helpdesk.knowledge import queries
from helpdesk.knowledge import services as knowledge
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.queries import ANSWERS
from helpdesk.triage import engine, indexes
from helpdesk.triage.columns import DIMENSION
from helpdesk.triage.models import Embedding, IndexState, SearchText
from helpdesk.triage.queries.state import index_states, unknown
from helpdesk.triage.services import indexing
from helpdesk.triage.services.suggesting import suggest
from tests.factories.accounts import make_actor
from tests.factories.encoder import HashEncoder
from tests.factories.knowledge import make_answer, make_article
from tests.factories.tickets import make_restricted_ticket, make_ticket
from tests.factories.triage import CountingEncoder, index_all, make_engine

QUESTION = "How much credit cover must we lodge"


def embeddings(db, object_id: int) -> list[Embedding]:
    db.expire_all()
    rows = select(Embedding).where(Embedding.kind == "answer", Embedding.object_id == object_id)
    return list(db.scalars(rows.order_by(Embedding.part)))


class TestASiteOfBefore:
    def test_its_texts_say_for_whom_they_are(self, db, using) -> None:
        for_some = {"audience": Audience.CATEGORIES, "categories": ["gas_network", "other"]}
        make_answer(db, **for_some)
        make_article(db)
        make_ticket(db, make_actor(db))
        make_ticket(db, make_actor(db, Role.AGENT))
        knowledge.archive_answer(db, SYSTEM, make_answer(db, **for_some))
        make_restricted_ticket(db, make_actor(db))
        index_all(db, using)
        wanted = select(SearchText.kind, SearchText.is_deleted, SearchText.categories).order_by(SearchText.id)
        before = db.execute(wanted).all()
        assert sorted(before) == [
            ("answer", False, ["gas_network", "other"]),
            ("answer", True, []),
            ("article", False, []),
            ("ticket", False, []),
            ("ticket", False, ["small_supplier"]),
            ("ticket", True, []),
        ]
        scripts = ScriptDirectory.from_config(schema.configuration("sqlite://"))
        column, rows = (scripts.get_revision(number).module for number in ("0007", "0008"))

        with Operations.context(MigrationContext.configure(db.connection())):
            rows.downgrade()
            column.downgrade()
            column.upgrade()
            rows.upgrade()

        assert db.execute(wanted).all() == before


class TestTheTransaction:
    def test_search_text_is_there_before_the_commit(self, db, using) -> None:
        answer = make_answer(db, QUESTION)

        row = db.scalars(select(SearchText).where(SearchText.kind == "answer")).one()
        assert (row.object_id, row.title, row.is_deleted, row.seq) == (answer.id, QUESTION, False, answer.seq)

    def test_a_draft_leaves_no_word_behind(self, db, using) -> None:
        make_answer(db, QUESTION, is_published=False)

        row = db.scalars(select(SearchText).where(SearchText.kind == "answer")).one()
        assert row.is_deleted
        assert (row.title, row.body, row.wordings) == ("", "", [])

    def test_many_changes_make_one_job(self, db, using) -> None:
        for _ in range(5):
            make_answer(db)

        assert len(db.scalars(select(JobRow).where(JobRow.key == "triage.index:answer")).all()) == 1


class TestEmbedding:
    def test_unchanged_texts_are_not_embedded_again(self, db, using) -> None:
        encoder = CountingEncoder()
        answer = make_answer(db, QUESTION, wordings=["What must we lodge as cover"])
        db.commit()
        indexing.embed_pending("answer", encoder)
        asked = len(encoder.asked)

        knowledge.edit_answer(
            db,
            SYSTEM,
            answer,
            question=QUESTION,
            body="Another text.",
            audience=Audience.PUBLIC,
            wordings=["What must we lodge as cover", "And in what form"],
        )
        db.commit()
        indexing.embed_pending("answer", encoder)

        assert asked == 2
        assert encoder.asked[asked:] == ["And in what form"]

    def test_a_dropped_wording_loses_its_vector_and_takes_a_new_number(self, db, using) -> None:
        answer = make_answer(db, QUESTION, wordings=["Lodging cover"])
        index_all(db, using)
        numbers = [row.seq for row in embeddings(db, answer.id)]

        answer = queries.get(db, SYSTEM, answer.id)
        knowledge.edit_answer(
            db, SYSTEM, answer, question=QUESTION, body="Text.", audience=Audience.PUBLIC, wordings=[]
        )
        index_all(db, using)

        after = embeddings(db, answer.id)
        assert [row.vector is None for row in after] == [False, True]
        assert after[1].seq > numbers[1]
        assert after[0].seq == numbers[0]

    def test_another_encoder_embeds_everything_anew(self, db, using) -> None:
        answer = make_answer(db, QUESTION)
        index_all(db, using)
        other = CountingEncoder()
        other.name = "another"

        indexing.embed_pending("answer", other)

        assert other.asked == [QUESTION]
        assert {row.model for row in embeddings(db, answer.id)} == {using.model, "another"}

    def test_an_interrupted_run_goes_on_where_it_stopped(self, db, using, monkeypatch) -> None:
        monkeypatch.setattr(indexing, "EMBED_BATCH", 2)
        for number in range(5):
            make_answer(db, f"Question number {number} of five")
        db.commit()

        class Dying(CountingEncoder):
            def encode(self, texts):
                if len(self.asked) >= 4:
                    raise KeyboardInterrupt
                return super().encode(texts)

        with pytest.raises(KeyboardInterrupt):
            indexing.embed_pending("answer", Dying())
        encoder = CountingEncoder()
        indexing.embed_pending("answer", encoder)

        assert len(encoder.asked) == 1

    def test_items_that_share_a_number_stay_together(self, db, using, monkeypatch) -> None:
        monkeypatch.setattr(indexing, "EMBED_BATCH", 2)
        answers = [make_answer(db, f"Question number {number} of five") for number in range(5)]
        ids = [answer.id for answer in answers]
        db.query(SearchText).filter(SearchText.kind == "answer", SearchText.object_id.in_(ids)).update({"seq": 1000})
        db.commit()

        assert indexing.embed_pending("answer", HashEncoder(dimension=DIMENSION)) == 5


class TestStatus:
    def test_what_waits_is_counted(self, db, using) -> None:
        make_answer(db)
        make_answer(db)

        (before,) = [state for state in index_states(db) if state.kind == "answer"]
        index_all(db, using)
        (after,) = [state for state in index_states(db) if state.kind == "answer"]

        assert (before.items, before.behind) == (2, 2)
        assert (after.behind, after.model) == (0, using.model)

    def test_items_that_no_event_told_of_need_a_rebuild(self, db, using) -> None:
        answer = make_answer(db, QUESTION)
        index_all(db, using)
        db.query(SearchText).delete()
        db.query(Embedding).delete()
        db.query(IndexState).delete()
        db.commit()
        assert db.scalars(unknown(ANSWERS)).all() == [answer.id]

        indexing.rebuild(["answer"], using.encoder)

        assert db.scalars(unknown(ANSWERS)).all() == []
        assert [item.id for item in suggest(db, VISITOR, QUESTION).items] == [answer.id]

    def test_a_rebuild_forgets_what_no_longer_exists(self, db, using) -> None:
        answer = make_answer(db, QUESTION)
        index_all(db, using)
        db.delete(queries.get(db, SYSTEM, answer.id))
        db.commit()

        indexing.rebuild(["answer"], using.encoder)

        assert db.scalars(select(SearchText).where(SearchText.kind == "answer")).all() == []
        assert suggest(db, VISITOR, QUESTION).items == ()

    def test_a_rebuild_keeps_what_came_meanwhile(self, db, using) -> None:
        make_answer(db, "Who reads our meters")
        db.commit()
        came = []

        def progress(_label: str, _count: int) -> None:
            if not came:
                came.append(make_answer(db, QUESTION).id)
                db.commit()

        indexing.rebuild(["answer"], using.encoder, progress)

        assert [item.id for item in suggest(db, VISITOR, QUESTION).items] == came


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database whose commits are real, so that two connections see each other's."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'own.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS two_processes")
        connection.execute("CREATE DATABASE two_processes")
    yield server.replace("/postgres?", "/two_processes?")


class TestTwoProcesses:
    def test_what_one_writes_the_other_suggests_within_a_second(self, own_url, settings) -> None:
        from helpdesk.app import create_app

        writer, reader = Database(own_url), Database(own_url)
        Base.metadata.create_all(writer.engine)
        create_app(settings, writer)
        with reader.read() as db:
            make_engine(db)
            assert suggest(db, VISITOR, QUESTION).items == ()

        with writer.unit_of_work() as db:
            answer = make_answer(db, QUESTION)
        started = time.monotonic()
        indexing.embed_pending("answer", HashEncoder(dimension=DIMENSION))
        with reader.read() as db:
            found = suggest(db, VISITOR, QUESTION).items
        waited = time.monotonic() - started

        assert [item.id for item in found] == [answer.id]
        assert waited < 1

        with writer.unit_of_work() as db:
            knowledge.archive_answer(db, SYSTEM, db.merge(answer))
        indexing.embed_pending("answer", HashEncoder(dimension=DIMENSION))
        with reader.read() as db:
            assert suggest(db, VISITOR, QUESTION).items == ()
        engine.use(None)
        for site in (writer, reader):
            site.close()
        assert database.current() is writer

    def test_a_request_leaves_very_much_news_to_a_thread(self, own_url, settings, monkeypatch) -> None:
        from helpdesk.app import create_app

        site = Database(own_url)
        Base.metadata.create_all(site.engine)
        create_app(settings, site)
        monkeypatch.setattr(indexes, "FAR", 1)
        with site.unit_of_work() as db:
            answers = [make_answer(db, f"{QUESTION} in week {number}") for number in range(3)]
        indexing.embed_pending("answer", HashEncoder(dimension=DIMENSION))
        readers: list[str] = []
        read = indexes.IndexCache._read

        def noted(self, db, heads) -> None:
            readers.append(threading.current_thread().name)
            read(self, db, heads)

        monkeypatch.setattr(indexes.IndexCache, "_read", noted)
        with site.read() as db:
            make_engine(db)
            suggest(db, VISITOR, QUESTION)
        for thread in threading.enumerate():
            if thread.name == "index":
                thread.join(timeout=10)
        assert readers == ["index"]

        with site.read() as db:
            found = suggest(db, VISITOR, QUESTION).items
        engine.use(None)
        site.close()
        assert {item.id for item in found} == {answer.id for answer in answers}
