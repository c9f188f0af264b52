"""Puts invented enquiries into words: one intent, many ways of asking."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from helpdesk.demo import texts

REGISTERS = ("terse", "plain", "formal", "chatty")
TYPO_SHARE = 0.12  # of web and e-mail enquiries
LOWER_CASE_SHARE = 0.3  # of terse enquiries
NUMBERS = ("2", "3", "4", "5", "6", "7", "8", "10", "12", "15", "20", "30", "40")
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Worded:
    """The words of one enquiry."""

    subject: str
    body: str
    is_urgent: bool


class Writer:
    """Words an enquiry of a Party category on a day; the same `random` state gives the same words."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._phrases = texts.phrases()

    def enquiry(self, intent: Mapping[str, Any], contexts: Sequence[str], facts: "Facts") -> Worded:
        pick = self._random
        register = "phone" if facts.channel == "phone" else pick.choice(REGISTERS)
        style = self._phrases["phone"] if register == "phone" else self._phrases["registers"][register]
        is_urgent = pick.random() < 0.06
        parts = [pick.choice(style["openers"]), *self._middle(intent, contexts, register)]
        if is_urgent:
            parts.append(pick.choice(self._phrases["urgent"]))
        parts.append(pick.choice(style["closers"]))
        body = self._join([fill(part, facts.values, pick) for part in parts if part], register)
        if register == "terse" and pick.random() < LOWER_CASE_SHARE:
            body = body.lower()
        if register != "phone" and pick.random() < TYPO_SHARE:
            body = misspelt(body, pick)
        return Worded(self._subject(intent, facts), body, is_urgent)

    def reply(self, point: str, replies: Sequence[str], facts: "Facts") -> str:
        pick = self._random
        opener, closer = (pick.choice(self._phrases[name]) for name in ("reply_openers", "reply_closers"))
        text = pick.choice(replies).replace("{point}", point)
        return "\n\n".join(fill(part, facts.values, pick) for part in (opener, text, closer) if part)

    def title(self, intent: Mapping[str, Any], facts: "Facts") -> str:
        """A line that other Parties understand without the text below it: a question where there is one."""
        questions = [ask for ask in intent["asks"] if ask.endswith("?")]
        return fill(self._random.choice(questions or intent["asks"]), facts.values, self._random)[:200]

    def sentence(self, group: str, facts: "Facts") -> str:
        """One sentence of a group of phrases, such as what a requester writes back."""
        return fill(self._random.choice(self._phrases[group]), facts.values, self._random)

    def facts(self, category: str, channel: str, opened_on: date) -> "Facts":
        """What the words may draw on, the same throughout a thread."""
        day = opened_on + timedelta(days=self._random.randint(-40, 60))
        return Facts(
            category,
            channel,
            {
                **self._phrases["slots"],
                "kind_of_firm": self._phrases["firms"][category],
                "role": self._phrases["roles"][category],
                "colleague_caller": self._phrases["callers"],
                "date": (f"{day.day} {day:%B}", f"{day:%A} {day.day} {day:%B}", f"{day.day}/{day:%m/%y}"),
                "n": NUMBERS,
                "number": (str(self._random.randint(10_000, 99_999)),),
            },
        )

    def _middle(self, intent: Mapping[str, Any], contexts: Sequence[str], register: str) -> list[str]:
        pick = self._random
        ask = pick.choice(intent["asks"])
        count = pick.choice((0, 0, 1)) if register == "terse" else pick.choice((1, 1, 2, 2, 3))
        around = pick.sample(contexts, min(count, len(contexts)))
        if count and intent["rule"] is None and pick.random() < 0.4:
            around[-1:] = [pick.choice(self._phrases["extras"])]
        place = pick.randint(0, len(around))
        return [*around[:place], ask, *around[place:]]

    def _subject(self, intent: Mapping[str, Any], facts: "Facts") -> str:
        pick = self._random
        name = str(intent["subject"])
        ask = fill(pick.choice(intent["asks"]), facts.values, pick)
        shapes = (name, name, name.lower(), ask, f"Question: {name}", f"{name} – {facts.firm_label}", f"Re: {name}")
        return pick.choice(shapes)[:200]

    @staticmethod
    def _join(parts: Sequence[str], register: str) -> str:
        """A greeting and a farewell stand on lines of their own, except in notes and hurried messages."""
        if register in {"terse", "phone"} or len(parts) < 3:
            return " ".join(parts)
        return "\n\n".join((parts[0], " ".join(parts[1:-1]), parts[-1]))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about an enquiry before it is worded."""

    category: str
    channel: str
    values: Mapping[str, Sequence[str]]  # what each slot may hold

    @property
    def firm_label(self) -> str:
        return self.category.replace("_", " ")


def fill(text: str, values: Mapping[str, Sequence[str]], random: Random) -> str:
    """`text` with every slot filled, beginning with a capital letter."""
    filled = SLOT.sub(lambda slot: random.choice(values[slot[1]]), text)
    return filled[:1].upper() + filled[1:]


def misspelt(text: str, random: Random) -> str:
    """`text` with one or two words in which two inner letters have changed places."""
    words = text.split(" ")
    long_words = [place for place, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    for place in random.sample(long_words, min(len(long_words), random.randint(1, 2))):
        word = words[place]
        at = random.randint(1, len(word) - 3)
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
