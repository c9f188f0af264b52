"""The words of a body without its marks, for indexes, excerpts and mails."""

import html
import re

import nh3

OPENING_CHARACTERS = 300  # of an excerpt

_MARKS = re.compile(
    r"^\s{0,3}(?:#{1,6}|>|[-*+]|\d+\.)\s+|[*_`]{1,3}|\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)", re.MULTILINE
)
_BLOCK_END = re.compile(r"</(?:p|li|h\d|tr|div|pre|blockquote)>|<br\s*/?>", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n\s*\n+")


def plain(body: str, body_format: str) -> str:
    """`body` as plain text; lines stay lines."""
    if body_format == "html":
        body = html.unescape(nh3.clean(_BLOCK_END.sub("\n", body), tags=set()))
    else:
        body = _MARKS.sub(lambda match: match.group(1) or "", body)
    return _EMPTY_LINES.sub("\n\n", body).strip()


def opening(text: str, length: int = OPENING_CHARACTERS) -> str:
    """The first words of `text` in one line, cut between words."""
    line = " ".join(text[: length * 3].split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0] + " …"
