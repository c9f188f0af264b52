"""Reads files of clauses into drafts, or refuses a file whole with the row and what is wrong with it."""

import csv
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from helpdesk.accounts.enums import Category, UserRole
from helpdesk.kernel.errors import Invalid
from helpdesk.rulebook.drafts import ClauseDraft, CodeDraft, DocumentDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.numbering import canonical, set_order

MAX_TEXT_CHARACTERS = 1_000_000
MAX_NUMBER_CHARACTERS = 200
MAX_HEADING_CHARACTERS = 120  # longer lines are provisions, not headings
MAX_ROWS = 500_000

_SHORT_TITLE = re.compile(r"\(([A-Z][A-Z0-9&-]{1,11})\)\s*$")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_SUBSECTION = re.compile(r"([A-Z]\d{1,2}[A-Z]?)\s+(?!to )(.*)", re.DOTALL)
_BETWEEN = re.compile(r";\s*(?![^(]*\))")  # semicolons outside brackets
_REMARK = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)")  # "(title unverified; H14.31 exists)"
_IN_REMARK = re.compile(r"unverified|\d")
_NETWORKS = (Category.ELECTRICITY_NETWORK, Category.GAS_NETWORK)
_SUPPLIERS = (Category.LARGE_SUPPLIER, Category.SMALL_SUPPLIER)

# Phrases of the `applies_to` column and the Party categories and User Roles that they mean.
APPLIES_TO: dict[str, tuple[str, ...]] = {
    "supplier": _SUPPLIERS,
    "network part": _NETWORKS,
    "others": (Category.OTHER,),
    "users": tuple(UserRole),
    "other user role": (UserRole.OTHER_USER,),
    "dcc": (Category.DCC,),
}
_EVERYONE = re.compile(r"everyone|every party|(?<!network )parties", re.IGNORECASE)


def read_passages(path: Path, title: str = "") -> CodeDraft:
    """JSON lines (plain or .gz), one clause each: DocumentID, PassageID, text; document_title and ID if known.

    Raises:
        Invalid: names the row and its fault; nothing of the file is then used.
    """
    documents: dict[str, DocumentDraft] = {}
    for row, item in _json_lines(path):
        source = _field(item, "DocumentID", row, 100)
        document = documents.get(source)
        if document is None:
            name = _field(item, "document_title", row, 300, default=title or f"Document {source}")
            document = documents[source] = _document(source, name, {d.slug for d in documents.values()})
        number = _field(item, "PassageID", row, MAX_NUMBER_CHARACTERS)
        text = _field(item, "text", row, MAX_TEXT_CHARACTERS, default="")
        heading = text if _is_heading(text) else ""
        document.clauses.append(
            ClauseDraft(
                number=number,
                heading=heading,
                text="" if heading else text,
                source_id=_field(item, "ID", row, 100, default=""),
            )
        )
    if not documents:
        raise Invalid(f"{path.name} holds no clauses. Give a file with one JSON object on each line.")
    return CodeDraft(documents=list(documents.values()))


def read_csv(folder: Path, title: str) -> CodeDraft:
    """A folder with sections.csv, appendices_schedules.csv, known_clauses.csv and glossary.csv: the section set.

    Raises:
        Invalid: a file is missing, or names the row and its fault.
    """
    if not title:
        raise Invalid("A folder of CSV files does not say its title. Add --title, for example “Smart Energy Code”.")
    clauses: dict[str, ClauseDraft] = {}
    for row, item in _table(folder / "sections.csv", "section", "title", "subsections", "applies_to", "status"):
        _add_section(clauses, row, item)
    for row, item in _table(folder / "appendices_schedules.csv", "kind", "id", "title", "status"):
        number = _number(f"{item['kind']} {item['id']}", row)
        clauses[number] = ClauseDraft(number=number, heading=item["title"], is_verified=_is_verified(item["status"]))
    for row, item in _table(folder / "known_clauses.csv", "clause", "about"):
        number = _number(item["clause"], row)
        known = clauses.get(number)
        clauses[number] = ClauseDraft(
            number=number, heading=known.heading if known else "", text=item["about"], is_demonstration=True
        )
    ordered = sorted(clauses.values(), key=lambda clause: set_order(clause.number))
    code = DocumentDraft(
        source_id=f"csv:{slug(title)}",
        slug=slug(title),
        title=title,
        short_title=initials(title),
        kind=DocumentKind.SECTION_SET,
        clauses=ordered,
    )
    terms = {item["term"]: item["meaning"] for _row, item in _table(folder / "glossary.csv", "term", "meaning")}
    return CodeDraft(documents=[code], terms=terms)


def slug(title: str) -> str:
    return _NOT_IN_SLUG.sub("-", title.lower()).strip("-")[:70].strip("-") or "document"


def initials(title: str) -> str:
    words = [word for word in title.split() if word[:1].isupper()]
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _add_section(clauses: dict[str, ClauseDraft], row: int, item: Mapping[str, str]) -> None:
    section = _number(f"Section {item['section']}", row)
    status = item["status"]
    is_verified = _is_verified(status) and "title unverified" not in status and "unverified)" not in status
    applies_to = _applies_to(item["applies_to"])
    clauses[section] = ClauseDraft(
        number=section, heading=item["title"], applies_to=applies_to, is_verified=is_verified
    )
    for piece in _BETWEEN.split(item["subsections"]):
        if (match := _SUBSECTION.match(piece.strip())) and match[1] not in clauses:
            clauses[match[1]] = _subsection(match[1], match[2])


def _subsection(number: str, words: str) -> ClauseDraft:
    """A title begins with a capital; anything else only says what the subsection is about."""
    about = _REMARK.sub(lambda remark: "" if _IN_REMARK.search(remark[0]) else remark[0], words).strip()
    is_title = about[:1].isupper()
    return ClauseDraft(
        number=number,
        heading=about if is_title else "",
        text="" if is_title else about,
        is_verified="unverified" not in words,
        is_demonstration=not is_title,
    )


def _applies_to(phrase: str) -> tuple[str, ...]:
    """The categories and roles that a phrase names; none means every Party."""
    if _EVERYONE.search(phrase):
        return ()
    named = phrase.lower()
    return tuple(dict.fromkeys(str(word) for key, words in APPLIES_TO.items() if key in named for word in words))


def _document(source: str, title: str, taken: set[str]) -> DocumentDraft:
    short = match[1] if (match := _SHORT_TITLE.search(title)) else ""
    wanted = slug(short or title)
    return DocumentDraft(
        source_id=source,
        slug=wanted if wanted not in taken else f"{wanted}-{slug(source)}",
        title=title,
        short_title=short,
        kind=DocumentKind.GUIDANCE if title.lower().startswith(("guid", "suppl")) else DocumentKind.RULEBOOK,
    )


def _is_heading(text: str) -> bool:
    stripped = text.strip()
    return 0 < len(stripped) <= MAX_HEADING_CHARACTERS and "\n" not in stripped and stripped[-1] not in ".;:,"


def _is_verified(status: str) -> bool:
    return not status.startswith(("unverified", "existence"))


def _number(text: str, row: int) -> str:
    number = canonical(text)
    if number is None:
        raise Invalid(f"Row {row}: “{text[:60]}” is not a number of the code, such as H14.31 or Appendix L.")
    return number


def _field(item: Mapping[str, Any], name: str, row: int, limit: int, default: str | None = None) -> str:
    value = item.get(name, default)
    if value is None or (default is None and not str(value).strip()):
        raise Invalid(f"Row {row} has no {name}. Every row needs one; nothing was imported.")
    if not isinstance(value, str | int):
        raise Invalid(f"Row {row}: {name} is not a text. Nothing was imported.")
    text = str(value).replace("\x00", "").strip()
    if len(text) > limit:
        raise Invalid(f"Row {row}: {name} is longer than {limit} characters. Nothing was imported.")
    return text


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with _opened(path) as lines:
        row = 0
        try:
            for row, line in enumerate(lines, start=1):
                if row > MAX_ROWS:
                    raise Invalid(f"{path.name} has more than {MAX_ROWS} rows. Split it by document.")
                if line.strip():
                    item = json.loads(line)
                    if not isinstance(item, dict):
                        raise Invalid(f"Row {row} is not a JSON object. Nothing was imported.")
                    yield row, item
        except json.JSONDecodeError as error:
            raise Invalid(f"Row {row} is not JSON ({error.msg}). Nothing was imported.") from error
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise Invalid(f"{path.name} cannot be read after row {row}. Is it complete, and UTF-8?") from error


def _table(path: Path, *columns: str) -> Iterator[tuple[int, dict[str, str]]]:
    with _opened(path) as lines:
        reader = csv.DictReader(lines, strict=True)
        try:
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise Invalid(f"{path.name} has no column {', '.join(missing)}. Its first row must name the columns.")
            for item in reader:
                if None in item or any(item[name] is None for name in columns):
                    raise Invalid(f"Row {reader.line_num} of {path.name} has another number of columns than the first.")
                yield reader.line_num, {name: item[name].replace("\x00", "").strip() for name in columns}
        except (csv.Error, UnicodeDecodeError) as error:
            raise Invalid(f"{path.name} cannot be read near row {reader.line_num}: {error}.") from error


def _opened(path: Path) -> TextIO:
    try:
        if path.suffix == ".gz":
            return TextIOWrapper(gzip.open(path), encoding="utf-8")
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Invalid(f"{path} cannot be opened: {error.strerror}.") from error
