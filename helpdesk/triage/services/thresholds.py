"""From which probability suggestions are shown and called likely: what each choice would mean, and the choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel import audit, clock, options
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor, require
from helpdesk.triage.policy import RULES, Can

CURVE = "threshold_curve"
LOWEST, HIGHEST = 0.01, 0.99


@dataclass(frozen=True, slots=True)
class Point:
    """What showing suggestions from `threshold` on would have meant for the judged questions."""

    threshold: float
    coverage: float
    """Share of the questions that get a list."""
    precision: float
    """Share of these lists whose first suggestion answered; 1 where there is no list."""
    first_three: float
    """Share of these lists of which one of the first three suggestions answered."""


@dataclass(frozen=True, slots=True)
class Curve:
    made_at: datetime
    questions: int
    answered: int
    """Questions of which an answer is known."""
    points: Sequence[Point]


def curve(db: Session) -> Curve | None:
    """The curve as it was last counted; None before that."""
    kept = options.read(db, CURVE)
    if not kept:
        return None
    points = [Point(*row) for row in kept["points"]]
    return Curve(datetime.fromisoformat(kept["made_at"]), kept["questions"], kept["answered"], points)


def keep_curve(db: Session, questions: int, answered: int, points: Sequence[Point]) -> None:
    rows = [[one.threshold, one.coverage, one.precision, one.first_three] for one in points]
    kept: dict[str, Any] = {"questions": questions, "answered": answered, "points": rows}
    options.write(db, CURVE, {"made_at": clock.now().isoformat(), **kept})


def choose(db: Session, actor: Actor, *, likely: float, possible: float) -> None:
    """Show suggestions from `possible` on, and call them likely from `likely` on; every process follows at once.

    Raises:
        Invalid: they are no probabilities, or in the wrong order.
    """
    require(RULES, actor, Can.MODELS)
    if not LOWEST <= possible <= likely <= HIGHEST:
        raise Invalid("Choose values from 1 to 99 percent, “likely” no lower than “shown”.")
    before = options.several(db, "likely", "possible")
    options.write(db, "likely", likely)
    options.write(db, "possible", possible)
    audit.record(db, actor, "thresholds.changed", "option", None, likely=likely, possible=possible, before=before)
