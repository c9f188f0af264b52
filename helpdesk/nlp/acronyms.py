"""Acronyms and their long forms, read out of a glossary, and identifiers: whoever writes one form finds the other."""

import re
from collections.abc import Mapping

from helpdesk.nlp.words import NUMBERED

MINOR = frozenset({"a", "an", "and", "for", "in", "of", "on", "the", "to"})  # words that acronyms may pass over
WORD = re.compile(r"[^\W_]+")
SHOUTED = 2  # words; more of them in capitals are a sentence
SENTENCE_PART = re.compile(r"[,;:.(]")
LONGEST = 12  # letters of an acronym
MOST_LETTERS = 4  # that one word gives to an acronym: SECCo, CSAT
MAX_WIDENED = 5  # forms added to one text
ANY_CASE = 3  # letters from which an acronym may be typed in small letters


def is_acronym(term: str) -> bool:
    """Whether `term` is one word with several capitals, as SMKI, SoLR and SMETS2 are, or several such words."""
    return all(sum(letter.isupper() for letter in word) > 1 for word in term.split())


def long_form(acronym: str, meaning: str) -> str:
    """The words that open `meaning` and spell `acronym`; nothing if none do."""
    letters = "".join(WORD.findall(acronym)).lower()
    words = WORD.findall(SENTENCE_PART.split(meaning, maxsplit=1)[0])
    may_be = sum(letter.isupper() for letter in acronym) > 1 and len(letters) <= LONGEST and "/" not in acronym
    count = _spelled(letters, words) if may_be else 0
    return " ".join(words[:count])


def _spelled(letters: str, words: list[str]) -> int:
    """How many of the first `words` spell `letters`; 0 if they do not."""
    if not letters or not words:
        return 0
    word, rest = words[0].lower(), words[1:]
    for taken in range(1, min(len(letters), MOST_LETTERS) + 1):
        if not word.startswith(letters[:taken]):
            break
        if taken == len(letters):
            return 1
        if count := _spelled(letters[taken:], rest):
            return count + 1
    count = _spelled(letters, rest) if word in MINOR else 0
    return count + 1 if count else 0


class Acronyms:
    """The pairs of a glossary, found in texts."""

    def __init__(self, glossary: Mapping[str, str]) -> None:
        self._other: dict[str, str] = {}
        for term, meaning in glossary.items():
            if form := long_form(term, meaning):
                self._other.setdefault(term if len(term) < ANY_CASE else term.lower(), form)
                self._other.setdefault(form.lower(), term)
        choices = "|".join(re.escape(form) for form in sorted(self._other, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{choices or '(?!)'})(?!\w)", re.IGNORECASE)

    def widened(self, text: str) -> str:
        """`text`, followed by the other form of each acronym, long form or identifier that it does not have already.

        Of SMETS2 that is SMETS 2, and the reverse. Where no capitals tell, letters before a number are mostly words.
        """
        is_shouted = text.isupper() and len(text.split()) > SHOUTED
        found = (match[0] for match in self._pattern.finditer(text))
        others = [self._other.get(one) or self._other.get(one.lower(), "") for one in found]
        numbered = (match for match in NUMBERED.finditer(text) if match[1].isupper() and not is_shouted)
        others += [match[1] + ("" if match[2] else " ") + match[3] for match in numbered]
        missing = [one for one in dict.fromkeys(others) if one and one.lower() not in text.lower()]
        return " ".join([text, *missing[:MAX_WIDENED]])
