"""Importing tickets: files good and bad, twice, and the real data pack."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.kernel.errors import Forbidden, Invalid
from helpdesk.kernel.models import JobRow
from helpdesk.kernel.policy import SYSTEM, VISITOR
from helpdesk.tickets import counts, importing, queries
from helpdesk.tickets.enums import Channel, Priority, Status
from helpdesk.tickets.import_files import Row, parse_map, read
from helpdesk.tickets.models import Message, Ticket, Topic
from tests.factories.accounts import make_organisation, make_user

PARL = (
    "id=id,subject=heading,body=question,queue=body,opened_at=date_tabled,first_response_at=date_holding_answer,"
    "solved_at=date_answered,reply=answer"
)
COLUMNS = ("id", "subject", "body", "opened_at", "solved_at", "reply", "requester_email", "organisation", "topic")
EVERYTHING = ",".join(f"{name}={name}" for name in COLUMNS)


def table(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({"id": str(number), "opened_at": "2026-03-02", **row} for number, row in enumerate(rows))
    return path


def lines(path: Path, *rows: Any) -> Path:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def good(path: Path, mapping: str = EVERYTHING) -> list[Row]:
    found = list(read(path, parse_map(mapping)))
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


def refusals(path: Path, mapping: str = EVERYTHING) -> list[tuple[int, str]]:
    return [row for row in read(path, parse_map(mapping)) if not isinstance(row, Row)]


class TestMap:
    @pytest.mark.parametrize("text", ["", "id=id", "subject", "subject=", "colour=x,body=b"])
    def test_a_map_that_cannot_work_is_refused(self, text: str) -> None:
        with pytest.raises(Invalid):
            parse_map(text)

    def test_spaces_do_no_harm(self) -> None:
        assert parse_map(" body = question , id=uin,") == {"body": "question", "id": "uin"}


class TestReading:
    def test_a_row_of_a_table(self, tmp_path: Path) -> None:
        row = {"subject": "How?", "body": "<p>How?</p>", "solved_at": "2026-03-03", "reply": "So."}
        (found,) = good(table(tmp_path / "a.csv", row))
        assert (found.number, found.source_id, found.subject) == (2, "0", "How?")
        assert (found.status, found.priority, found.channel) == (Status.SOLVED, Priority.NORMAL, Channel.WEB)
        assert found.opened_at.isoformat() == "2026-03-02T09:00:00+00:00"
        assert found.solved_at is not None
        assert found.solved_at.isoformat() == "2026-03-03T17:00:00+00:00"
        assert found.first_response_at == found.solved_at

    def test_a_text_without_subject_is_named_by_its_first_words(self, tmp_path: Path) -> None:
        (found,) = good(table(tmp_path / "a.csv", {"body": "word " * 100}))
        assert len(found.subject) <= 200
        assert found.subject.endswith("word…")

    def test_a_compressed_file_reads_the_same(self, tmp_path: Path) -> None:
        plain = table(tmp_path / "a.csv", {"subject": "One"}, {"subject": "Two"})
        packed = tmp_path / "b.csv.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        assert good(packed) == good(plain)

    def test_a_row_without_id_gets_the_same_one_every_time(self, tmp_path: Path) -> None:
        path = table(tmp_path / "a.csv", {"subject": "One"}, {"subject": "Two"})
        mapping = "subject=subject,opened_at=opened_at"
        first, second = good(path, mapping)
        assert first.source_id != second.source_id
        assert good(path, mapping) == [first, second]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ({"subject": " ", "body": ""}, "neither subject nor text"),
            ({"subject": "x", "opened_at": ""}, "no opened_at"),
            ({"subject": "x", "opened_at": "2nd of March"}, "is not a date"),
            ({"subject": "x", "opened_at": "0001-01-01"}, "not within"),
            ({"subject": "x", "solved_at": "2025-01-01"}, "before it was opened"),
            ({"subject": "x", "body": "y" * 100_001}, "longer than"),
        ],
    )
    def test_a_bad_row_is_refused_by_number_and_reason(self, tmp_path: Path, row: dict[str, str], reason: str) -> None:
        path = table(tmp_path / "a.csv", {"subject": "good"}, row, {"subject": "good too"})
        ((number, found),) = refusals(path)
        assert number == 3
        assert reason in found

    def test_the_same_id_twice_names_both_rows(self, tmp_path: Path) -> None:
        path = table(tmp_path / "a.csv", {"id": "7", "subject": "x"}, {"id": "7", "subject": "y"})
        assert refusals(path) == [(3, "the id 7 stands in row 2 already")]

    def test_broken_lines_are_refused_and_the_rest_read(self, tmp_path: Path) -> None:
        whole = dict.fromkeys(COLUMNS, "x") | {"opened_at": "2026-03-02", "solved_at": ""}
        path = lines(tmp_path / "a.jsonl", whole, '{"id": ', "[1, 2]", {"id": "2"}, {**whole, "id": "3"})
        assert [number for number, _ in refusals(path)] == [2, 3, 4]

    def test_a_ragged_table_row_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("subject,opened_at\nx,2026-03-02,extra\n", encoding="utf-8")
        assert refusals(path, "subject=subject,opened_at=opened_at")[0][0] == 2

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.txt", b"x"),
            ("a.csv", b"subject,opened_at\n\xff\xfe\xfa,2026-03-02\n"),
            ("a.csv", b"colour\nred\n"),
            ("a.csv", b""),
            ("a.csv.gz", b"not compressed"),
            ("a.csv.gz", gzip.compress(b"subject,opened_at\n" + b"x,2026-03-02\n" * 5000)[:-30]),
        ],
    )
    def test_a_file_that_cannot_be_read_to_its_end_is_refused_whole(
        self, tmp_path: Path, name: str, content: bytes
    ) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Invalid):
            list(read(path, parse_map("subject=subject,opened_at=opened_at")))

    @pytest.mark.parametrize(
        "text", ["😀" * 300, "\u200fשלום", "'; DROP TABLE tickets; --", "<script>x</script>", "a\x00b"]
    )
    def test_strange_text_stays_text(self, tmp_path: Path, text: str) -> None:
        path = lines(tmp_path / "a.jsonl", {"s": text, "o": "2026-03-02"})
        (found,) = good(path, "subject=s,opened_at=o")
        assert len(found.subject) <= 200


class TestWriting:
    def test_tickets_messages_and_counts(self, db: Session, tmp_path: Path) -> None:
        member, organisation = make_user(db), make_organisation(db, name="Example Energy")
        rows = good(
            table(
                tmp_path / "a.csv",
                {
                    "subject": "One",
                    "reply": "<p>So.</p>",
                    "solved_at": "2026-03-03",
                    "requester_email": member.email or "",
                },
                {"subject": "Two", "organisation": "EXAMPLE energy", "topic": "Charges"},
            )
        )
        assert importing.import_tickets(db, SYSTEM, rows, "old") == 2
        one, two = db.scalars(select(Ticket).order_by(Ticket.id))
        assert (one.requester_id, one.organisation_id) == (member.id, member.organisation_id)
        assert one.category == member.organisation.category
        assert one.resolution_minutes == 960
        assert [message.body_format for message in queries.messages(db, one, with_notes=True)] == ["markdown", "html"]
        assert (two.organisation_id, two.status) == (organisation.id, Status.NEW)
        assert db.get_one(Topic, two.topic_id).name == "Charges"
        assert one.reference != two.reference
        assert one.seq < two.seq
        kept = counts.kept(db)
        counts.recount(db)
        assert counts.kept(db) == kept

    def test_twice_gives_the_same(self, db: Session, tmp_path: Path) -> None:
        rows = good(table(tmp_path / "a.csv", {"subject": "One"}, {"subject": "Two"}))
        importing.import_tickets(db, SYSTEM, rows[:1], "old")
        assert importing.import_tickets(db, SYSTEM, rows, "old") == 1
        assert importing.import_tickets(db, SYSTEM, rows, "old") == 0
        assert db.scalar(select(func.count()).select_from(Message)) == 2

    def test_nobody_is_mailed(self, db: Session, tmp_path: Path) -> None:
        member = make_user(db)
        rows = good(table(tmp_path / "a.csv", {"subject": "One", "requester_email": member.email or ""}))
        importing.import_tickets(db, SYSTEM, rows, "old")
        assert db.scalars(select(JobRow).where(JobRow.name == "tickets.notify")).all() == []

    def test_hard_rules_route_what_comes_in(self, db: Session, tmp_path: Path) -> None:
        rows = good(table(tmp_path / "a.csv", {"subject": "Our private key has been stolen", "topic": "Keys"}))
        importing.import_tickets(db, SYSTEM, rows, "old")
        ticket = queries.get(db, SYSTEM, db.scalars(select(Ticket.id)).one())
        assert ticket.queue.is_restricted
        assert ticket.rule == "security_incident"

    def test_a_column_that_is_no_list_of_topics_is_refused(self, db: Session, tmp_path: Path) -> None:
        rows = [{"subject": "x", "topic": f"topic {number}"} for number in range(importing.MOST_NAMES + 1)]
        with pytest.raises(Invalid, match="301 different names"):
            importing.import_tickets(db, SYSTEM, good(table(tmp_path / "a.csv", *rows)), "old")
        assert db.scalars(select(Ticket)).all() == []

    def test_visitors_may_not(self, db: Session) -> None:
        with pytest.raises(Forbidden):
            importing.import_tickets(db, VISITOR, [], "old")


class TestCommand:
    def run(self, app: Flask, *arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["import", "tickets", *arguments])

    def report(self, app: Flask, *arguments: str) -> dict[str, Any]:
        result = self.run(app, *arguments, "--json")
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def test_it_reports_what_came_and_what_was_refused(self, app: Flask, db: Session, tmp_path: Path) -> None:
        path = str(table(tmp_path / "old.csv", {"subject": "One"}, {"body": ""}, {"subject": "Three"}))
        dry = self.report(app, path, "--map", EVERYTHING, "--dry-run")
        assert (dry["rows"], dry["imported"]) == (3, 0)
        assert db.scalars(select(Ticket)).all() == []
        first = self.report(app, path, "--map", EVERYTHING)
        assert (first["imported"], first["already_there"]) == (2, 0)
        assert [refusal["row"] for refusal in first["refused"]] == [3]
        second = self.report(app, path, "--map", EVERYTHING)
        assert (second["imported"], second["already_there"]) == (0, 2)
        assert "row 3: it has neither subject nor text" in self.run(app, path, "--map", EVERYTHING).output

    def test_strict_writes_nothing_when_a_row_is_refused(self, app: Flask, db: Session, tmp_path: Path) -> None:
        path = str(table(tmp_path / "old.csv", {"subject": "One"}, {"body": ""}))
        assert self.run(app, path, "--map", EVERYTHING, "--strict").exit_code == 1
        assert db.scalars(select(Ticket)).all() == []

    def test_a_wrong_map_is_a_sentence(self, app: Flask, tmp_path: Path) -> None:
        path = str(table(tmp_path / "old.csv", {"subject": "One"}))
        result = self.run(app, path, "--map", "subject=heading,opened_at=opened_at")
        assert result.exit_code == 1
        assert "The file has no column heading" in result.output


class TestRealData:
    def test_the_questions_to_departments(self, db: Session, data: Path, tmp_path: Path) -> None:
        """The first 600 of 32,256: enough for two chunks, with unanswered and half-answered ones among them."""
        with gzip.open(data / "parl-wq" / "questions.jsonl.gz", "rt", encoding="utf-8") as file:
            head = "".join(next(file) for _ in range(600))
        path = tmp_path / "questions.jsonl"
        path.write_text(head, encoding="utf-8")
        rows = good(path, PARL)
        assert importing.import_tickets(db, SYSTEM, rows, "parl-wq") == 600
        solved = db.scalar(select(func.count()).select_from(Ticket).where(Ticket.status == Status.SOLVED))
        assert solved == head.count('"date_answered": "')
        assert len(queries.teams_and_topics(db)[0]) > 10
        assert importing.import_tickets(db, SYSTEM, rows, "parl-wq") == 0
