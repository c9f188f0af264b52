"""Finds citations of the code in a text and gives each its canonical form; what they cite is for others."""

import re
from collections.abc import Iterator

from helpdesk.nlp import grammar
from helpdesk.nlp.reading import Span, read

CHUNK = re.compile(r"\S+")


class CitationFinder:
    """Reads the grammar of the code's citations in time linear in the text."""

    def find(self, text: str) -> list[Span]:
        """Every citation in `text` in order; one that stands twice is found twice."""
        return list(self._spans(_without_protected(text)))

    def cited(self, text: str) -> list[str]:
        """What `text` cites, in canonical form, in order of first appearance, each once."""
        return list(dict.fromkeys(span.canonical for span in self.find(text)))

    def _spans(self, text: str) -> Iterator[Span]:
        at = 0
        while start := grammar.START.search(text, at):
            found, at = read(text, start)
            yield from found


def canonical_key(text: str) -> str | None:
    """The canonical form of one citation typed alone, in any case and with or without its keyword."""
    finder = CitationFinder()
    raised = re.sub(r"^[^(]+", lambda match: match.group().upper(), text)
    for attempt in (text, f"Section {text}", raised):
        cited = finder.cited(attempt.strip())
        if len(cited) == 1 and ".." not in cited[0]:
            return cited[0]
    return None


def parents(canonical: str) -> list[str]:
    """What a canonical citation lies in, nearest first.

    >>> parents("G4.2(b)")
    ['G4.2', 'G4', 'Section G']
    """
    chain = []
    current = canonical
    while (outer := _outer(current)) is not None:
        chain.append(outer)
        current = outer
    return chain


def _outer(canonical: str) -> str | None:
    if canonical.endswith(")"):
        return canonical[: canonical.rindex("(")]
    head, _, number = canonical.rpartition(" ")
    if "." in number:
        return canonical[: canonical.rindex(".")]
    if re.fullmatch(r"(?:Appendix [A-Z]{1,2}|Schedule \d+)", head):
        return head
    if re.fullmatch(rf"{grammar.LETTER}\d{{1,2}}[A-Z]?", canonical):
        return f"Section {canonical[0]}"
    return None


def _without_protected(text: str) -> str:
    """`text` with addresses, links, file names and postcodes blotted out at the same length."""

    def chunk(match: re.Match[str]) -> str:
        word = match.group()
        is_address = "://" in word or "@" in word or "www." in word.lower()
        return "_" * len(word) if is_address or grammar.FILE_NAME.search(word) else word

    def blot(match: re.Match[str]) -> str:
        return "_" * len(match.group())

    return grammar.POSTCODE.sub(blot, CHUNK.sub(chunk, text))
