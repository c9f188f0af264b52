"""Reads the files of a dump: XML, a row an element, attributes only, plain or gzipped, never all in memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast
from xml.etree import ElementTree as ET

from helpdesk.community.importing.rows import REQUIRED, TABLES, BadRow, Table
from helpdesk.kernel.errors import Invalid

CHUNK_BYTES = 256 * 1024

Row = TypeVar("Row")


class Dump:
    """A folder of dump files, plain or gzipped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for table in REQUIRED:
            if self.path(table) is None:
                raise Invalid(
                    f"There is no {table.name}.xml or {table.name}.xml.gz in {folder}. Name the dump's folder."
                )

    def path(self, table: Table[Row]) -> Path | None:
        for ending in (".xml", ".xml.gz"):
            path = self.folder / f"{table.name}{ending}"
            if path.exists():
                return path
        return None

    def check(self, on_row: Callable[[], object]) -> int:
        """Read every row once and keep nothing, so that a broken dump is refused before anything is written.

        Raises:
            Invalid: a row cannot be read, or an id stands twice; file and row are named.
        """
        total = 0
        for table in TABLES:
            seen: set[str] = set()
            for number, row in self.rows(table):
                if row.id in seen:
                    raise _refusal(self.path(table), number, f"Id {row.id} stands twice")
                seen.add(row.id)
                total += 1
                on_row()
        return total

    def rows(self, table: Table[Row]) -> Iterator[tuple[int, Row]]:
        """The rows of one file with their numbers from 1; none if the dump lacks the file.

        Raises:
            Invalid: a row cannot be read; file and row are named.
        """
        path = self.path(table)
        if path is None:
            return
        for number, attributes in _attributes(path):
            try:
                yield number, table.read(attributes)
            except BadRow as bad:
                raise _refusal(path, number, str(bad)) from bad


class _Rows:
    """Collects the rows that the parser meets; a document type could hide entities that swell, so it is refused."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.found.append(attributes)

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        raise BadRow("a document type declaration has no place in a dump")

    def close(self) -> None:
        """Nothing is kept for the end."""


def _attributes(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    number = 0
    rows = _Rows()
    parser = ET.XMLParser(target=rows)  # noqa: S314 - without a document type no entity can be declared
    try:
        with _open(path) as file:
            while chunk := file.read(CHUNK_BYTES):
                parser.feed(chunk)
                for attributes in rows.found:
                    number += 1
                    yield number, attributes
                rows.found.clear()
        parser.close()
    except ET.ParseError as error:
        number += len(rows.found)
        raise _refusal(path, number + 1, f"the XML is broken there (line {error.position[0]:,})") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _refusal(path, number + 1, "the compressed file breaks off there") from error
    except BadRow as error:
        raise _refusal(path, number + 1, str(error)) from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _refusal(path: Path | None, number: int, reason: str) -> Invalid:
    name = "The dump" if path is None else path.name
    return Invalid(f"{name}, row {number:,}: {reason}. Nothing was imported; mend or replace the file and try again.")
