"""Fixed choices of suggestions, attempts, topics and models."""

from enum import StrEnum


class Outcome(StrEnum):
    """How an attempt to find an answer ended. A returned one had been answered, it seemed, and came back."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    PRESUMED = "presumed"
    TICKET = "ticket"
    QUESTION = "question"
    RETURNED = "returned"


class Origin(StrEnum):
    """What somebody did that showed whether an item answers a question; each names what `source_id` is of."""

    CONFIRMED = "confirmed"  # “This answered me”: an attempt
    PRESUMED = "presumed"  # opened, and asked nothing afterwards: an attempt
    IGNORED = "ignored"  # offered, and asked all the same: an attempt
    LINKED = "linked"  # an agent linked a clause: a ticket
    CITED = "cited"  # an accepted answer cites a clause: a question
    MERGED = "merged"  # staff marked a duplicate: a question


class Likelihood(StrEnum):
    LIKELY = "likely"
    POSSIBLE = "possible"


class GroupState(StrEnum):
    """A discovered topic: `active` now, or `gone` when its items scattered into others."""

    ACTIVE = "active"
    GONE = "gone"


class ModelState(StrEnum):
    CHAMPION = "champion"
    CHALLENGER = "challenger"
    RETIRED = "retired"
