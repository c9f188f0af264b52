"""Uploads are bounded and checked."""

import io
import os
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.files import FileStore
from helpdesk.kernel.policy import SYSTEM


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", max_bytes=1000)


class TestSaving:
    def test_a_file_is_stored_under_a_random_name(self, db: Session, store: FileStore) -> None:
        row = store.save(db, SYSTEM, "../../etc/letter.pdf", io.BytesIO(b"%PDF-1.7 text"))
        assert row.name == "letter.pdf"
        assert "letter" not in row.storage_name
        assert store.path(row).read_bytes() == b"%PDF-1.7 text"
        assert store.path(row).is_relative_to(store.folder)

    @pytest.mark.parametrize(
        ("name", "content", "sentence"),
        [
            ("run.exe", b"MZ", "not accepted"),
            ("page.html", b"<script>", "not accepted"),
            ("letter.pdf", b"MZ not a pdf", "not what its name says"),
            ("empty.txt", b"", "empty"),
            ("long.txt", b"x" * 1001, "larger than"),
        ],
    )
    def test_what_is_not_acceptable_is_refused_with_a_sentence(
        self, db: Session, store: FileStore, name: str, content: bytes, sentence: str
    ) -> None:
        with pytest.raises(Invalid, match=sentence):
            store.save(db, SYSTEM, name, io.BytesIO(content))
        assert not store.folder.exists()


class TestSweeping:
    def test_only_old_files_that_no_row_knows_are_removed(self, db: Session, store: FileStore) -> None:
        kept, fresh, stray = (store.save(db, SYSTEM, f"{n}.txt", io.BytesIO(b"text")) for n in "abc")
        for row in (kept, stray):
            os.utime(store.path(row), (0, 0))
        for row in (fresh, stray):
            db.delete(row)
        db.commit()

        store.sweep()

        assert [store.path(row).exists() for row in (kept, fresh, stray)] == [True, True, False]

    def test_the_folder_of_another_database_is_left_alone(self, db: Session, store: FileStore) -> None:
        rows = [store.save(db, SYSTEM, f"{n}.txt", io.BytesIO(b"text")) for n in "ab"]
        for row in rows:
            os.utime(store.path(row), (0, 0))
            db.delete(row)
        db.commit()

        store.sweep()

        assert all(store.path(row).exists() for row in rows)
