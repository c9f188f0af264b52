"""The fixed words of the figures."""

from datetime import timedelta
from enum import StrEnum


class Measure(StrEnum):
    OPENED = "opened"
    SOLVED = "solved"
    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"
    BACKLOG = "backlog"


class Cut(StrEnum):
    """By what volumes are split."""

    CHANNEL = "channel"
    TOPIC = "topic"
    CATEGORY = "category"


class Step(StrEnum):
    """How far an attempt to find an answer went."""

    ATTEMPTS = "attempts"
    OFFERED = "offered"
    OPENED = "opened"
    CONFIRMED = "confirmed"
    PRESUMED = "presumed"
    RETURNED = "returned"
    ASKED = "asked"


class Period(StrEnum):
    """How far back a page looks."""

    FOUR_WEEKS = "4w"
    TWELVE_WEEKS = "12w"
    YEAR = "52w"

    @property
    def weeks(self) -> int:
        return int(self.value[:-1])

    @property
    def label(self) -> str:
        return f"{self.weeks} weeks"


# Age bands of the backlog: name, from, to (exclusive) since the ticket was opened.
BANDS: tuple[tuple[str, timedelta, timedelta], ...] = (
    ("Under 1 day", timedelta(0), timedelta(days=1)),
    ("1 to 3 days", timedelta(days=1), timedelta(days=3)),
    ("3 to 7 days", timedelta(days=3), timedelta(days=7)),
    ("1 to 4 weeks", timedelta(days=7), timedelta(days=28)),
    ("Over 4 weeks", timedelta(days=28), timedelta(days=36_500)),
)

MEASURES: dict[str, str] = {
    Measure.OPENED: "Tickets by the day they were opened, in London time. Restricted queues are not counted here.",
    Measure.SOLVED: "Tickets by the day they were last solved. A reopened ticket counts when it is solved again.",
    Measure.FIRST_RESPONSE: (
        "Working minutes (Monday to Friday, 9am to 5pm, no bank holidays) from opening to the first reply of staff, "
        "for tickets opened in the period that have one. Half of them took no longer than the median, nine in ten "
        "no longer than the 90th percentile. A working day has 8 hours."
    ),
    Measure.RESOLUTION: (
        "Working minutes from opening to the last solving, for tickets opened in the period that are solved. Half "
        "took no longer than the median, nine in ten no longer than the 90th percentile."
    ),
    Measure.BACKLOG: "Tickets that are not solved or closed, by the time since they were opened.",
}

STEPS: dict[str, str] = {
    Step.ATTEMPTS: "Times somebody typed a question into the ask page, three words or more.",
    Step.OFFERED: "Attempts in which at least one text was suggested.",
    Step.OPENED: "Attempts in which a suggested text was opened.",
    Step.CONFIRMED: "Attempts ended by “This answered me”.",
    Step.PRESUMED: "Attempts in which a text was opened and nothing was asked for 24 hours. Presumed, not known.",
    Step.RETURNED: "Confirmed or presumed attempts whose asker came back on the same topic within seven days.",
    Step.ASKED: "Attempts that became a ticket or a community question.",
}
