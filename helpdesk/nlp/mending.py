"""Typing errors: strange words of a query, exchanged for words that some item has."""

import re
from collections.abc import Callable, Iterator, Sequence
from string import ascii_lowercase

from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.words import MAX_WORD, NUMBERED, STOP_WORDS, plain_words, stem, terms

SHORTEST_MENDED = 5  # letters; of a shorter word one edit makes too many others
LONGEST_ENDING = 6  # letters that a stem lacks
MOST_MENDED = 4  # strange words of a query; more of them are another language or an attached log


def corrected(text: str, indexes: Sequence[Bm25Index], is_word: Callable[[str], bool]) -> str:
    """`text`, each strange word exchanged for the commonest of the items' that one typing error could have made of it.

    Strange is what no item has and what `is_word`, asked for lower-case words, does not know either: people say “stuff”
    where no clause does, and mean no “staff”. A strange word and its number are joined first if some item has them so:
    “SMETS 2” is an identifier written apart, and no “sets 2”.
    """

    def count(term: str) -> int:
        return sum(index.frequency(term) for index in indexes)

    def is_strange(word: str) -> bool:
        return not any(map(count, terms(word))) and not is_word(word)

    def joined(numbered: re.Match[str]) -> str:
        whole = numbered[1] + numbered[3]
        return whole if count(whole.lower()) and is_strange(numbered[1].lower()) else numbered[0]

    text = NUMBERED.sub(joined, text)
    strange = [word for word in dict.fromkeys(plain_words(text)) if is_strange(word)]
    for word in strange if len(strange) <= MOST_MENDED else ():
        if meant := mended(word, lambda term: count(term) > 0, is_word):
            best = max(sorted(meant), key=count)
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", meant[best], text, flags=re.IGNORECASE)
    return text


def mended(word: str, is_known: Callable[[str], bool], is_word: Callable[[str], bool]) -> dict[str, str]:
    """The words with known stems of which one typing error could have made the lower-case `word`, by their stems.

    One letter too many, too few, exchanged, or two neighbours swapped (Damerau, 1964). Of several with one stem it is
    one that `is_word` knows, if it knows any: “responsble” is no “responsable”.
    """
    if len(word) < SHORTEST_MENDED or len(word) > MAX_WORD or not word.isalpha() or _lacks_apostrophe(word):
        return {}
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    edits = [
        *(first + second[1] + second[0] + second[2:] for first, second in halves if len(second) > 1),
        *(first + second[1:] for first, second in halves if second and first.endswith(second[0])),
        *(first + letter + second for first, second in halves for letter in ascii_lowercase),
        *(first + second[1:] for first, second in halves if second),
        *(first + letter + second[1:] for first, second in halves if second for letter in ascii_lowercase),
    ]
    found: dict[str, str] = {}
    # Of words with one stem the likeliest comes first: an exchanged letter makes the most that nobody means.
    for edit in edits:
        # Stemming hundreds of words takes longer than looking up the few beginnings that a stem may be.
        if not any(map(is_known, _beginnings(edit))) or not is_known(root := stem(edit)):
            continue
        if root not in found or (is_word(edit) and not is_word(found[root])):
            found[root] = edit
    return found


def _lacks_apostrophe(word: str) -> bool:
    """Whether it is a function word and what an apostrophe parts from it: whats, arent."""
    return word.removesuffix("s") in STOP_WORDS or word.removesuffix("nt") in STOP_WORDS


def _beginnings(word: str) -> Iterator[str]:
    for size in range(len(word), max(len(word) - LONGEST_ENDING, 2) - 1, -1):
        yield word[:size]
        if word[size - 1] == "y":
            yield word[: size - 1] + "i"
