"""What a process remembers of the code: where each citation leads, and the defined terms. Follows the database."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from helpdesk.kernel import db as database
from helpdesk.nlp.acronyms import ANY_CASE, Acronyms, is_acronym
from helpdesk.nlp.citations import CitationFinder
from helpdesk.rulebook import queries
from helpdesk.rulebook.queries import ClauseLink

LOOK_AGAIN_SECONDS = 1.0  # a changed clause is linked everywhere within this time
MAX_TERMS = 12  # explained beside one clause
MAX_ASKED = 3  # explained beside one question
SHORT_QUESTION = 6  # words up to which every term counts; in a longer question “Party” and “User” are what all speak of


class Found(NamedTuple):
    """A citation that leads somewhere: its place in the text, the address and the clause's title."""

    start: int
    end: int
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class _Known:
    """One state of the code; replaced whole, so that threads need no lock to read it."""

    site: database.Database | None = None
    seq: int = -1
    links: Mapping[str, ClauseLink] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """The terms by their case-folded form."""
    any_case: re.Pattern[str] | None = None
    acronyms: Acronyms = field(default_factory=lambda: Acronyms({}))


class CodeMemory:
    """Links citations and explains terms with at most one small query a second."""

    def __init__(self, look_again_seconds: float = LOOK_AGAIN_SECONDS) -> None:
        self._look_again_seconds = look_again_seconds
        self._finder = CitationFinder()
        self._known = _Known()
        self._looked_at = float("-inf")
        self._lock = Lock()

    def link(self, text: str) -> list[Found]:
        """The citations in `text` that lead to a clause."""
        spans = self._finder.find(text)
        if not spans:
            return []
        links = self._current().links
        found = ((span, queries.resolve(links, span.canonical)) for span in spans)
        return [Found(span.start, span.end, link.url, link.title) for span, link in found if link]

    def exact(self, cited: Iterable[str]) -> list[int]:
        """Ids of the clauses that the canonical citations name, in their order; what is not in force names none."""
        wanted = list(cited)
        links = self._current().links if wanted else {}
        found = (queries.resolve(links, one) for one in wanted)
        return [link.id for link in found if link and link.is_exact]

    def terms_in(self, text: str) -> list[tuple[str, str]]:
        """Defined terms that stand in `text`, with their meanings, in order of first appearance."""
        known = self._current()
        if known.pattern is None:
            return []
        found = dict.fromkeys(match[0] for match in known.pattern.finditer(text))
        return [(term, known.terms[term]) for term in list(found)[:MAX_TERMS]]

    def asked_about(self, question: str) -> list[tuple[str, str]]:
        """Terms that the question may want explained, with their meanings: acronyms, and any term of a short question.

        Unlike in the code's own text they may be typed in small letters.
        """
        known = self._current()
        if known.any_case is None:
            return []
        is_short = len(question.split()) <= SHORT_QUESTION
        typed = (match[0] for match in known.any_case.finditer(question))
        # A dotted I is an i to a pattern and none to `lower`.
        matches = ((one, one if one in known.terms else known.names.get(one.casefold(), "")) for one in typed)
        found = (term for one, term in matches if term and (one == term or len(term) >= ANY_CASE))
        wanted = [term for term in dict.fromkeys(found) if is_short or is_acronym(term)]
        return [(term, known.terms[term]) for term in wanted[:MAX_ASKED]]

    def widened(self, text: str) -> str:
        """`text` with the other forms of its acronyms, long forms and identifiers, for searching by words."""
        return self._current().acronyms.widened(text)

    def _current(self) -> _Known:
        with self._lock:
            now = time.monotonic()
            site = database.current()
            if self._known.site is site and now - self._looked_at < self._look_again_seconds:
                return self._known
            with database.reading() as db:
                seq = queries.last_seq(db)
                if self._known.site is not site or self._known.seq != seq:
                    terms = queries.glossary(db)
                    links = queries.set_links(db)
                    self._known = _known(site, seq, links, terms)
            self._looked_at = now
            return self._known


def _known(site: database.Database, seq: int, links: Mapping[str, ClauseLink], terms: Mapping[str, str]) -> _Known:
    # The code's own text uses terms in their own capitals: “Party” is defined, “party” is not.
    exact, any_case = _pattern(terms, re.NOFLAG), _pattern(terms, re.IGNORECASE)
    names = {term.casefold(): term for term in terms}
    return _Known(site, seq, links, terms, exact, names, any_case, Acronyms(terms))


def _pattern(terms: Mapping[str, str], flags: re.RegexFlag) -> re.Pattern[str] | None:
    """Any term as a whole word, longest first."""
    if not terms:
        return None
    choices = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)", flags)


memory = CodeMemory()
