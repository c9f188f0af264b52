"""Why a text was sorted as it was, in three sentences that follow the prediction."""

from collections.abc import Sequence

Shares = Sequence[tuple[str, float]]


def reasons(words: Sequence[str], top3: Shares, near: Sequence[str], *, is_unknown: bool) -> tuple[str, str, str]:
    """The words that decided, the nearest past texts, the rivals.

    Each speaks for the first of `top3` or says that nothing does; none speaks for another topic.

    Args:
        words: those that decided, most telling first.
        top3: topics and their probabilities, most probable first.
        near: the topics of the nearest past texts.
        is_unknown: stranger than what was learned from.
    """
    return _words(words), _past(top3[0][0], near), _rival(top3, is_unknown)


def _words(words: Sequence[str]) -> str:
    quoted = ", ".join(f"“{word}”" for word in words)
    if not words:
        return "No single word decides."
    is_one = len(words) == 1 and " " not in words[0]
    return f"The word {quoted} points to it." if is_one else f"The words {quoted} point to it."


def _past(label: str, near: Sequence[str]) -> str:
    same = sum(name == label for name in near)
    if not same:
        return "Its meaning as a whole points to it more than any one past enquiry."
    return f"{same} of the {len(near)} nearest past enquiries had this topic."


def _rival(top3: Shares, is_unknown: bool) -> str:
    if is_unknown:
        return "It is unlike what was asked before."
    if len(top3) > 1:
        return f"The next topic, {top3[1][0]}, has {top3[1][1]:.0%}."
    return "There is no other topic."
