"""The words of a body without its marks, for indexes and excerpts."""

import html
import re

import nh3

OPENING_CHARACTERS = 300  # of an excerpt
MARKS = re.compile(
    r"^[ ]{0,3}(?:#{1,6}|>|[-*+]|\d+\.)[ \t]+|[*_`]{1,3}|\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)", re.MULTILINE
)
BLOCK_END = re.compile(r"</(?:p|li|h\d|tr|div)>|<br\s*/?>", re.IGNORECASE)


def plain(body: str, body_format: str) -> str:
    """`body` as plain text; lines stay lines."""
    if body_format == "html":
        return html.unescape(nh3.clean(BLOCK_END.sub("\n", body), tags=set())).strip()
    return MARKS.sub(lambda match: match.group(1) or "", body).strip()


def opening(text: str, length: int = OPENING_CHARACTERS) -> str:
    """The first words of `text` in one line, cut between words."""
    line = " ".join(text[: length * 3].split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0] + " …"
