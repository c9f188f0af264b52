"""A process that is killed half-way leaves nothing half-written, and the next one goes on."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpdesk import schema
from helpdesk.config import PROJECT_ROOT

pytestmark = pytest.mark.slow

ROWS = 5_000
INTO_THE_WRITING = 0.4  # seconds; the whole takes several times as long


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    schema.upgrade(f"sqlite:///{tmp_path / 'signpost.db'}")
    with (tmp_path / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "text", "opened"])
        for number in range(ROWS):
            writer.writerow([number, f"Enquiry {number}", f"How does step {number} work?", "2026-03-02T10:00:00Z"])
    return tmp_path


def command(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HELPDESK_DATA_DIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "helpdesk", *words],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def importing(folder: Path) -> subprocess.Popen[bytes]:
    mapping = "id=id,subject=subject,body=text,opened_at=opened"
    return command(folder, "import", "tickets", str(folder / "tickets.csv"), "--map", mapping, "--source", "test")


def tickets(folder: Path) -> int:
    with sqlite3.connect(folder / "signpost.db") as connection:
        count: int = connection.execute("SELECT count(*) FROM tickets").fetchone()[0]
    return count


class TestKilledImport:
    def test_nothing_is_half_written_and_the_next_run_completes(self, folder: Path) -> None:
        first = importing(folder)
        assert first.stderr
        seen = b""
        while b"Writing" not in seen and first.poll() is None:
            seen += first.stderr.read1(4096)
        time.sleep(INTO_THE_WRITING)
        first.kill()
        first.communicate()
        assert first.returncode == -signal.SIGKILL, seen.decode()[-2000:]
        assert tickets(folder) == 0
        second = importing(folder)
        _, errors = second.communicate(timeout=300)
        assert second.returncode == 0, errors.decode()[-2000:]
        assert tickets(folder) == ROWS
