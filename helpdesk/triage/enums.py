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
