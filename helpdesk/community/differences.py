"""What an edit changed, word by word, for people to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Lines of a text, or words of a changed passage: the time grows with the square. More are shown as replaced whole.
MAX_WORDS = 1_500

_WORD = re.compile(r"\S+[^\S\n]*|\n")

Sort = Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, went or came."""

    sort: Sort
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order: first by lines, then by words where lines differ."""
    if before == after:
        return [Piece("same", before)] if before else []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    for piece in _pieces(old, new, is_fine=False):
        is_same_run = bool(pieces) and pieces[-1].sort == piece.sort
        pieces.append(Piece(piece.sort, pieces.pop().text + piece.text) if is_same_run else piece)
    return pieces


def _pieces(old: list[str], new: list[str], *, is_fine: bool) -> Iterator[Piece]:
    if max(len(old), len(new)) > MAX_WORDS:
        yield from _replaced("".join(old), "".join(new))
        return
    for operation, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        removed, added = "".join(old[a:b]), "".join(new[c:d])
        if operation == "equal":
            yield Piece("same", removed)
        elif operation == "replace" and not is_fine:
            yield from _by_words(removed, added)
        else:
            yield from _replaced(removed, added)


def _by_words(removed: str, added: str) -> Iterator[Piece]:
    yield from _pieces(_WORD.findall(removed), _WORD.findall(added), is_fine=True)


def _replaced(removed: str, added: str) -> Iterator[Piece]:
    yield from (Piece("removed", removed),) if removed else ()
    yield from (Piece("added", added),) if added else ()
