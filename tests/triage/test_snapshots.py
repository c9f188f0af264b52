"""Indexes kept on disk: the tables stay the truth."""

import errno
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from helpdesk.community import services as community
from helpdesk.kernel.db import Database
from helpdesk.kernel.policy import SYSTEM, VISITOR
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.services import archive_answer
from helpdesk.triage import engine, snapshots
from helpdesk.triage.services.suggesting import suggest
from tests.factories.accounts import make_actor
from tests.factories.community import make_question
from tests.factories.knowledge import make_answer, make_article
from tests.factories.rulebook import make_code
from tests.factories.triage import index_all, make_engine

QUESTION = "How much credit cover must we lodge"


@pytest.fixture
def kept(db, using, tmp_path) -> Path:
    """A snapshot of a site with an answer and some clauses."""
    make_code(db)
    make_answer(db, QUESTION, wordings=["Lodging cover with the bank"])
    make_article(db, audience=Audience.CATEGORIES, categories=["gas_network", "other"])
    community.vote(db, make_actor(db), make_question(db, title="Who reads our meters"), 1)
    index_all(db, using)
    using.cache.follow(db)
    path = snapshots.path_for(db, tmp_path, using.model)
    assert snapshots.save(using.cache, path)
    return path


def fresh(db) -> engine.IndexCache:
    return make_engine(db).cache


def found(db, text: str = QUESTION) -> list[tuple[str, int, float]]:
    return [(one.kind, one.id, round(one.probability, 3)) for one in suggest(db, VISITOR, text).items]


class TestALaterProcess:
    def test_finds_the_same_and_reads_nothing(self, db, using, kept) -> None:
        before, asked = found(db), using.cache.kinds["question"]
        cache = fresh(db)

        assert snapshots.load(db, cache, kept)
        assert cache.follow(db) == 0
        assert found(db) == before != []
        again = cache.kinds["question"]
        assert (dict(again.days), dict(again.votes)) == (dict(asked.days), dict(asked.votes))
        assert list(again.votes.values()) == [1]
        assert list(cache.kinds["article"].written_for.values()) == [{"gas_network", "other"}]

    def test_reads_only_what_came_since(self, db, using, kept) -> None:
        later = make_answer(db, "Who reads our meters on Sundays")
        index_all(db, using)
        cache = fresh(db)
        snapshots.load(db, cache, kept)

        assert 0 < cache.follow(db) < 5
        assert [one[:2] for one in found(db, "Who reads our meters on Sundays")] == [("answer", later.id)]
        assert found(db) != []


class TestWhatDoesNotFit:
    def test_another_database_does_not_use_it(self, db, using, kept, tmp_path, settings) -> None:
        from helpdesk.kernel.db import Base

        other = Database(f"sqlite:///{tmp_path / 'other.db'}")
        Base.metadata.create_all(other.engine)
        with other.read() as elsewhere:
            assert not snapshots.load(elsewhere, engine.make_cache(elsewhere, using.encoder), kept)
        other.close()

    def test_other_code_does_not_use_it(self, db, kept, monkeypatch) -> None:
        monkeypatch.setattr(snapshots, "_code", lambda: "of another version")
        assert not snapshots.load(db, fresh(db), kept)

    def test_other_stems_do_not_use_it(self, db, kept, monkeypatch) -> None:
        monkeypatch.setattr(snapshots.metadata, "version", lambda name: f"of another {name}")
        assert not snapshots.load(db, fresh(db), kept)

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
    def test_a_file_that_was_cut_off_is_not_used(self, db, kept, share) -> None:
        raw = kept.read_bytes()
        kept.write_bytes(raw[: int(share * len(raw))])
        assert not snapshots.load(db, fresh(db), kept)

    def test_a_changed_byte_is_noticed(self, db, kept) -> None:
        raw = bytearray(kept.read_bytes())
        at = raw.find(b"lodg")  # in the middle of a member, whose sum no longer fits
        raw[at] ^= 1
        kept.write_bytes(raw)
        assert not snapshots.load(db, fresh(db), kept)

    def test_none_is_there_at_first(self, db, using, tmp_path) -> None:
        assert not snapshots.load(db, fresh(db), tmp_path / "none.npz")

    def test_a_database_that_takes_no_write_leaves_the_old_one_and_nothing_behind(
        self, using, kept, monkeypatch
    ) -> None:
        before = kept.read_bytes()

        def locked(*_args):
            raise OperationalError("INSERT", {}, Exception("database is locked"))

        monkeypatch.setattr(snapshots.options, "write", locked)
        assert not snapshots.save(using.cache, kept)
        assert kept.read_bytes() == before
        assert list(kept.parent.iterdir()) == [kept]

    def test_words_of_what_was_removed_are_not_in_it(self, db, using, kept) -> None:
        secret = make_answer(db, "Where is the hidden walrus")
        index_all(db, using)
        using.cache.follow(db)
        archive_answer(db, SYSTEM, secret)
        index_all(db, using)
        using.cache.follow(db)

        assert snapshots.save(using.cache, kept)
        assert b"walrus" not in kept.read_bytes()
        assert b"credit" in kept.read_bytes()
        assert found(db) != []
        assert kept.stat().st_mode & 0o077 == 0

    def test_a_full_disk_leaves_the_old_one(self, db, using, kept, monkeypatch) -> None:
        def full(stream, **_arrays) -> None:
            stream.write(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")

        before = kept.read_bytes()
        monkeypatch.setattr(np, "savez", full)
        assert not snapshots.save(using.cache, kept)
        assert kept.read_bytes() == before
        assert list(kept.parent.glob("*.partial")) == []


class TestTheStartOfAProcess:
    def test_keeps_what_took_long_to_read(self, db, using, settings, monkeypatch) -> None:
        monkeypatch.setattr(engine, "FAR", 0)
        make_answer(db, QUESTION)
        index_all(db, using)
        using.data_dir = settings.data_dir
        engine.warm()
        (kept,) = (settings.data_dir / engine.SNAPSHOTS).iterdir()
        made = kept.stat().st_mtime_ns

        make_engine(db).data_dir = settings.data_dir
        engine.warm()

        assert kept.stat().st_mtime_ns == made
        assert found(db) != []
