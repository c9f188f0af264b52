"""Tickets in a CSV or JSON-lines file: reading, mapping columns, checking rows. Pure: no database."""

import csv
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from helpdesk.kernel.errors import Invalid
from helpdesk.tickets import hours, routing
from helpdesk.tickets.enums import Channel, Priority, Status

FIELDS = (
    *("id", "subject", "body", "requester_name", "requester_email", "organisation", "queue", "topic"),
    *("priority", "channel", "status", "opened_at", "first_response_at", "solved_at", "reply"),
)
SUBJECT_LENGTH = 200  # characters, as in the table; a longer subject is cut
TEXT_LENGTH = 100_000  # characters that a page can show
NAME_LENGTH = 120  # characters of a queue's or topic's name
_HTML = re.compile(r"</?(?:p|br|div|ul|ol|li|table|b|i|strong|em|a|span)\b[^>]*>", re.IGNORECASE)


class Refused(Exception):
    """Why one row cannot be a ticket, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One checked row. Times are aware; `rule` is the hard rule's name or empty."""

    number: int
    source_id: str
    subject: str
    body: str
    reply: str
    requester_name: str
    requester_email: str
    organisation: str
    queue: str
    topic: str
    priority: Priority
    channel: Channel
    status: Status
    opened_at: datetime
    first_response_at: datetime | None
    solved_at: datetime | None
    rule: str = ""


@dataclass(slots=True)
class Read:
    """What a file held: rows that can be tickets, and the numbers of those that cannot, with the reason."""

    rows: list[Row] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.rows) + len(self.refused)


def parse_map(text: str) -> dict[str, str]:
    """`subject=heading,body=question` as {field: column}.

    Raises:
        Invalid: a pair is not of that shape, or names no field of a ticket.
    """
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    mapping = {name.strip(): column.strip() for name, _, column in pairs}
    unknown = [name for name, column in mapping.items() if name not in FIELDS or not column]
    if unknown:
        raise Invalid(f"--map cannot use {', '.join(unknown)}. Write field=column; fields are {', '.join(FIELDS)}.")
    if "body" not in mapping and "subject" not in mapping:
        raise Invalid("--map must name the column of the subject or of the body, as in body=question.")
    return mapping


def read(path: Path, mapping: Mapping[str, str]) -> Iterator[Row | tuple[int, str]]:
    """Every row of the file, checked: a `Row`, or its number and why it is refused.

    Numbers are those that an editor or a spreadsheet shows: the first line of the file is 1.

    Raises:
        Invalid: the file cannot be read, or lacks a column that the map names.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    rows = {".csv": _csv_rows, ".jsonl": _json_rows}.get(kind)
    if rows is None:
        raise Invalid(f"{path.name} is neither .csv nor .jsonl (nor one of them with .gz).")
    seen: dict[str, int] = {}
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            for number, found in rows(file, mapping):
                yield _row(number, found, mapping, seen)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{path.name} cannot be read to its end ({error}). Nothing was imported.") from error


def _row(
    number: int, found: dict[str, Any] | str, mapping: Mapping[str, str], seen: dict[str, int]
) -> Row | tuple[int, str]:
    if isinstance(found, str):
        return number, found
    try:
        row = _checked(number, {name: _text(found.get(column)) for name, column in mapping.items()})
    except Refused as reason:
        return number, str(reason)
    if row.source_id in seen:
        return number, f"the id {row.source_id} stands in row {seen[row.source_id]} already"
    seen[row.source_id] = number
    return row


def _csv_rows(file: TextIO, mapping: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    reader = csv.DictReader(file)
    missing = [column for column in mapping.values() if column not in (reader.fieldnames or ())]
    if missing:
        columns = ", ".join(reader.fieldnames or ()) or "none"
        raise Invalid(f"The file has no column {', '.join(missing)}. Its columns are: {columns}.")
    for row in reader:
        is_whole = None not in row and None not in row.values()
        yield reader.line_num, row if is_whole else "it has more or fewer cells than the first line"


def _json_rows(file: TextIO, mapping: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            yield number, "it is not JSON"
            continue
        missing = [column for column in mapping.values() if not isinstance(found, dict) or column not in found]
        yield number, f"it lacks {', '.join(missing)}" if missing else found


def _checked(number: int, cells: dict[str, str]) -> Row:
    body = cells.get("body", "") or cells.get("subject", "")
    subject = " ".join((cells.get("subject", "") or _first_words(body)).split())
    if not subject:
        raise Refused("it has neither subject nor text")
    if max(len(body), len(cells.get("reply", ""))) > TEXT_LENGTH:
        raise Refused(f"its text is longer than {TEXT_LENGTH:,} characters")
    opened_at = _moment(cells.get("opened_at", ""), "opened_at", hours.OPENS)
    if opened_at is None:
        raise Refused("it has no opened_at")
    solved_at = _moment(cells.get("solved_at", ""), "solved_at", hours.CLOSES)
    answered_at = _moment(cells.get("first_response_at", ""), "first_response_at", hours.CLOSES)
    if min(solved_at or opened_at, answered_at or opened_at) < opened_at:
        raise Refused("it was answered or solved before it was opened")
    if answered_at is None and (solved_at is not None and cells.get("reply")):
        answered_at = solved_at
    rule = routing.match(f"{subject}\n{body}")
    return Row(
        number=number,
        source_id=(cells.get("id") or _digest(cells))[:120],
        subject=subject if len(subject) <= SUBJECT_LENGTH else f"{subject[: SUBJECT_LENGTH - 1]}…",
        body=body,
        reply=cells.get("reply", ""),
        requester_name=cells.get("requester_name", "")[:200],
        requester_email=cells.get("requester_email", "").lower()[:254],
        organisation=cells.get("organisation", ""),
        queue=cells.get("queue", "")[:NAME_LENGTH],
        topic=cells.get("topic", "")[:NAME_LENGTH],
        priority=Priority(_one_of(cells, "priority", Priority, Priority.NORMAL)),
        channel=Channel(_one_of(cells, "channel", Channel, Channel.WEB)),
        status=Status(_one_of(cells, "status", Status, _status(solved_at, answered_at))),
        opened_at=opened_at,
        first_response_at=answered_at,
        solved_at=solved_at,
        rule=rule.name if rule else "",
    )


def body_format(text: str) -> str:
    """Imports keep their HTML; anything else is Markdown."""
    return "html" if _HTML.search(text) else "markdown"


def _text(cell: Any) -> str:
    text = "" if cell is None else cell if isinstance(cell, str) else json.dumps(cell)
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()


def _first_words(body: str) -> str:
    """The beginning of a text as its subject, up to the end of a word."""
    flat = " ".join(re.sub(r"<[^>]*>", " ", body[:2000]).split())
    if len(flat) <= SUBJECT_LENGTH:
        return flat
    return flat[: SUBJECT_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _moment(text: str, name: str, clock_time: time) -> datetime | None:
    """An ISO date or time; without a zone it is London's, without a time of day the working day's edge."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"its {name} “{text[:40]}” is not a date such as 2026-03-02 or 2026-03-02T14:05") from None
    if len(text) == len("2026-03-02"):
        found = datetime.combine(found.date(), clock_time)
    if not hours.FIRST_YEAR < found.year < 2200:
        raise Refused(f"its {name} is not within 1971 and 2199")
    return found if found.tzinfo else found.replace(tzinfo=hours.ZONE)


def _one_of(cells: Mapping[str, str], name: str, kind: type[StrEnum], default: str) -> str:
    value = cells.get(name, "").lower().replace(" ", "_")
    if value and value not in set(kind):
        raise Refused(f"its {name} “{value[:40]}” is none of {', '.join(kind)}")
    return value or default


def _status(solved_at: datetime | None, answered_at: datetime | None) -> Status:
    if solved_at is not None:
        return Status.SOLVED
    return Status.OPEN if answered_at is not None else Status.NEW


def _digest(cells: Mapping[str, str]) -> str:
    """Stands for the id of a row without one: the same row gives the same."""
    return hashlib.sha256(json.dumps(dict(cells), sort_keys=True).encode()).hexdigest()[:40]
