"""The fixed words of a question."""

from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    HIDDEN = "hidden"
