"""What the model thinks of a ticket, in words and per cent for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel import options
from helpdesk.tickets.models import Ticket

FIELDS = {"topic": "Topic", "priority": "Priority", "queue": "Team"}
NOT_SURE = "not sure"


@dataclass(frozen=True, slots=True)
class Guess:
    """One predicted value: its name, how probable it is in per cent, and the word for that."""

    field: str
    name: str
    percent: int
    word: str  # likely, possible or not sure


@dataclass(frozen=True, slots=True)
class Prediction:
    guesses: tuple[Guess, ...]
    reasons: tuple[str, ...]


def of_tickets(db: Session, tickets: Iterable[Ticket]) -> dict[int, Prediction]:
    """The predictions of those that have one, by ticket."""
    predicted = {one.id: one.prediction for one in tickets if one.prediction}
    if not predicted:
        return {}
    chosen = options.several(db, "likely", "possible")
    return {
        ticket_id: _read(prediction, chosen["likely"], chosen["possible"])
        for ticket_id, prediction in predicted.items()
    }


def _read(prediction: Mapping[str, Any], likely: float, possible: float) -> Prediction:
    guesses = []
    for key, label in FIELDS.items():
        found = prediction.get(key)
        if found:
            probability = float(found["probability"])
            word = "likely" if probability >= likely else "possible" if probability >= possible else NOT_SURE
            word = NOT_SURE if key == "topic" and prediction.get("is_unsure") else word
            guesses.append(Guess(label, str(found["name"]), round(100 * probability), word))
    return Prediction(tuple(guesses), tuple(str(reason) for reason in prediction.get("reasons", ())[:3]))
