"""Text to index terms: identifiers kept whole, function words dropped, the rest stemmed."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

import snowballstemmer

# An identifier is letters and digits joined, with points and brackets: g3.20, h14.36a(b), dp110,
# secmp0034, smets2, 4.1.2. Every repetition starts with its own character, so scanning is linear.
IDENTIFIER = r"[a-z]{0,8}\d{1,9}[a-z]{0,3}(?:\.\d{1,9}[a-z]?)*(?:\([a-z]{1,5}\))*"
# Vowel signs and points, which `re` counts as no letters: of Hebrew to Sinhala, all of which put spaces between words.
MARKS = "".join(sign for sign in map(chr, range(0x0590, 0x0E00)) if unicodedata.category(sign).startswith("M"))
WORD = rf"[^\W_]+(?:[{MARKS}][^\W_]*)*"
TOKEN = re.compile(rf"(?<![^\W_])(?P<identifier>{IDENTIFIER})(?![^\W_])|{WORD}(?:['’][^\W\d_]+)*")
NUMBERED = re.compile(r"(?<!\w)([a-z]{2,8})([ -]?)(\d{1,9})(?!\w|\.\d)", re.IGNORECASE)  # SMETS2, SMETS 2; and May 2
BRACKETS = re.compile(r"\([a-z]+\)$")
MAX_WORD = 40  # characters; longer runs are encoded attachments, not words.

STOP_WORDS = frozenset(
    """
    a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further
    had has have having he her here hers him his how i if in into is it its itself just me more
    most my no nor not now of off on once only or other our ours out over own please same she
    should so some such than that the their theirs them then there these they this those through
    to too under until up us very was we were what when where which while who whom why will with
    would you your yours
    """.split()  # noqa: SIM905 - a paragraph of words reads better than a list of strings.
)

_stemmer = snowballstemmer.stemmer("english")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The English stem of a lower-case `word`."""
    return str(_stemmer.stemWord(word))


def terms(text: str) -> list[str]:
    """The index terms of `text` in order; `H14.36A(b)` gives itself and the clause it lies in."""
    found: list[str] = []
    for match in TOKEN.finditer(unicodedata.normalize("NFKC", text).lower()):
        token = match.group()
        if len(token) > MAX_WORD:
            continue
        if match.group("identifier"):
            found.extend(_with_parents(token))
        elif token not in STOP_WORDS:
            found.append(stem(_bare(token)))
    return found


def pairs(text: str) -> list[str]:
    """Each two index terms that follow each other, joined: what tells a phrase from its words."""
    return [f"{first} {second}" for first, second in pairwise(terms(text))]


def plain_words(text: str) -> list[str]:
    """The content words of `text` as written, lower-case: for reasons shown to people."""
    tokens = (match.group() for match in TOKEN.finditer(text.lower()))
    return [token for token in tokens if len(token) <= MAX_WORD and token not in STOP_WORDS]


def _with_parents(identifier: str) -> list[str]:
    chain = [identifier]
    while BRACKETS.search(chain[-1]):
        chain.append(BRACKETS.sub("", chain[-1]))
    return chain


def _bare(word: str) -> str:
    return re.split("['’]", word, maxsplit=1)[0]
