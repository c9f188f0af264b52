"""Excerpts around the words of a question, with those words marked; everything else is escaped."""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache

from markupsafe import Markup, escape

from helpdesk.nlp.words import MAX_WORD, TOKEN, terms

LENGTH = 240  # characters
SCANNED = 20_000  # characters of a text that are looked through
WINDOW_STEP = 40  # characters between two places where an excerpt may begin


def excerpt(text: str, query: str, length: int = LENGTH) -> Markup:
    """The stretch of `text` that has most of the words of `query`, in one line."""
    line = " ".join(text[:SCANNED].split())
    wanted, found = frozenset(terms(query)), list(TOKEN.finditer(line))
    words = {match[0] for match in found}
    meant = {word for word in words if len(word) <= MAX_WORD and not wanted.isdisjoint(_terms(word))}
    matches = [match for match in found if match[0] in meant]
    start, end = _stretch(line, matches, length)
    parts = [Markup("… ") if start else Markup("")]
    at = start
    for match in matches:
        if match.start() < start or match.end() > end:
            continue
        parts += [escape(line[at : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
        at = match.end()
    parts += [escape(line[at:end]), Markup(" …") if end < len(line) else Markup("")]
    return Markup("").join(parts)


@lru_cache(maxsize=10_000)
def _terms(word: str) -> tuple[str, ...]:
    """The terms of one word: the texts of a site have the same few thousand words over and over."""
    return tuple(terms(word))


def _stretch(line: str, matches: list[re.Match[str]], length: int) -> tuple[int, int]:
    """Where the excerpt begins and ends: between words, and where most different words match."""
    if len(line) <= length:
        return 0, len(line)
    best, most = 0, 0
    starts = [match.start() for match in matches]
    for first in matches:
        begin = max(first.start() - WINDOW_STEP, 0)
        near = matches[bisect_left(starts, begin) : bisect_right(starts, begin + length)]
        inside = {match[0].lower() for match in near if match.end() <= begin + length}
        if len(inside) > most:
            best, most = begin, len(inside)
    best = min(best, len(line) - length)
    start = line.find(" ", best) + 1 if best else 0
    end = min(start + length, len(line))
    if end < len(line):
        end = line.rfind(" ", start, end) if " " in line[start:end] else end
    return start, end
