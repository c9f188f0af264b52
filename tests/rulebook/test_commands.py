"""`import code`, as an administrator runs it."""

import json
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.rulebook.models import Clause

ROW = {"DocumentID": 1, "document_title": "Money Rules (AML)", "PassageID": "1.", "text": "INTRODUCTION"}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def clauses(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(Clause)) or 0


class TestImportCode:
    def test_it_reports_and_can_be_repeated(self, app: Flask, db: Session, tmp_path: Path) -> None:
        path = write(tmp_path / "a.jsonl", ROW, {**ROW, "PassageID": "1.1", "text": "A Person must."})
        arguments = ["import", "code", str(path), "--format", "passages"]
        first = app.test_cli_runner().invoke(args=arguments)
        assert "1 documents: 2 clauses were added" in first.output
        second = app.test_cli_runner().invoke(args=arguments)
        assert "0 clauses were added, 0 changed; 2 are as they were" in second.output
        assert clauses(db) == 2

    def test_a_dry_run_keeps_nothing(self, app: Flask, db: Session, tmp_path: Path) -> None:
        arguments = ["import", "code", str(write(tmp_path / "a.jsonl", ROW)), "--format", "passages", "--dry-run"]
        assert "1 clauses would be added" in app.test_cli_runner().invoke(args=arguments).output
        assert clauses(db) == 0

    def test_a_bad_row_refuses_the_file_whole(self, app: Flask, db: Session, tmp_path: Path) -> None:
        rows = [{**ROW, "PassageID": f"{number}."} for number in range(5000)]
        path = write(tmp_path / "a.jsonl", *rows, "{broken")
        result = app.test_cli_runner().invoke(args=["import", "code", str(path), "--format", "passages"])
        assert result.exit_code == 1
        assert "Row 5001 is not JSON" in result.output
        assert clauses(db) == 0

    def test_a_second_version_needs_a_later_date(self, app: Flask, db: Session, tmp_path: Path) -> None:
        arguments = ["import", "code", str(write(tmp_path / "a.jsonl", ROW)), "--format", "passages"]
        run = app.test_cli_runner()
        assert run.invoke(args=[*arguments, "--version-date", "2026-02-01"]).exit_code == 0
        result = run.invoke(args=[*arguments, "--version-date", "2025-02-01"])
        assert "give a later date" in result.output
        assert clauses(db) == 1
