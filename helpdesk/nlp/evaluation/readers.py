"""Reads evaluation files: JSON lines or CSV, plain or gzipped."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TEXT_COLUMNS = ("text", "question", "query")
LABEL_COLUMNS = ("category", "intent", "label")
# Names of offices hold commas; the question itself begins in lower case.
ADDRESSEE = re.compile(
    r"^\s*To ask (?:[^,]{1,120},\s+){1,6}?(?:representing [^,]{1,120},\s+)?(?=[a-z])(?!and\b|representing\b)"
)

Row = Mapping[str, Any]


class FileError(Exception):
    """An evaluation file is missing or not what it should be; the message says how to mend it."""


def read_rows(path: Path) -> list[Row]:
    """All rows of a `.jsonl` or `.csv` file, which may end in `.gz` too.

    Raises:
        FileError: missing, of another kind, or damaged at a row that is named.
    """
    if not path.is_file():
        raise FileError(f"There is no file {path}. Check the path.")
    kind = Path(path.name.removesuffix(".gz")).suffix
    try:
        text = _text(path)
        if kind in {".jsonl", ".json"}:
            # Not splitlines: Unicode's own line separators may stand inside a text.
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        if kind == ".csv":
            return list(csv.DictReader(io.StringIO(text, newline="")))
    except (OSError, ValueError, csv.Error) as err:
        raise FileError(f"{path} cannot be read: {err}.") from err
    raise FileError(f"{path} is neither .jsonl nor .csv (or one of them with .gz).")


def column(rows: Iterable[Row], name: str | None, usual: tuple[str, ...]) -> list[str]:
    """One column as text; without a `name`, the first of the `usual` ones that the rows have.

    Raises:
        FileError: no such column.
    """
    rows = list(rows)
    if not rows:
        return []
    chosen = name or next((one for one in usual if one in rows[0]), None)
    if chosen is None or any(chosen not in row for row in rows):
        raise FileError(f"There is no column {name or ' or '.join(usual)}; the file has {', '.join(rows[0])}.")
    return [str(row[chosen] or "") for row in rows]


def answered(rows: Iterable[Row], length: int) -> list[str]:
    """What stands below each text, to find it by its words: the first characters of its `answers`; empty without.

    Raises:
        FileError: the answers are neither a text nor a list of texts.
    """
    found = []
    for row in rows:
        answers = row.get("answers") or []
        some = [answers] if isinstance(answers, str) else answers
        if not isinstance(some, list) or not all(isinstance(one, str) for one in some):
            raise FileError("The column answers holds neither a text nor a list of texts.")
        found.append("\n".join(some)[:length])
    return found


def without_addressee(text: str) -> str:
    """A parliamentary question without the office it is put to, which would give the topic away."""
    return ADDRESSEE.sub("", text)


def _text(path: Path) -> str:
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        return str(stream.read())
