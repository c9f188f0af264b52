"""Trained models: registered, promoted when better, rolled back."""

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, clock, sequences
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.kernel.policy import Actor, require
from helpdesk.triage.enums import ModelState
from helpdesk.triage.models import MODELS, ModelRow
from helpdesk.triage.policy import RULES, Can

ENCODER = "encoder"
SHIPPED = ("ranking", "confidence")  # of these a model comes with the program, and is in use before any other


def champion(db: Session, what: str) -> ModelRow | None:
    """The model in use for `what`; none where it is the one that ships, or nothing."""
    return db.scalar(select(ModelRow).where(ModelRow.what == what, ModelRow.state == ModelState.CHAMPION))


def register(db: Session, *, what: str, name: str, folder: Path, metrics: dict[str, Any]) -> ModelRow:
    """A newly trained model, as a challenger."""
    row = ModelRow(what=what, name=name, folder=str(folder), metrics=metrics)
    db.add(row)
    db.flush()
    return row


def by_name(db: Session, name: str) -> ModelRow:
    """One model.

    Raises:
        NotFound: there is none of that name.
    """
    row = db.scalar(select(ModelRow).where(ModelRow.name == name))
    if row is None:
        raise NotFound(f"There is no model named {name}. `models list` shows those that there are.")
    return row


def promote(db: Session, actor: Actor, row: ModelRow) -> None:
    """Use this model from now on; the one that it replaces can be brought back.

    Raises:
        Conflict: it is in use already, or an encoder.
    """
    require(RULES, actor, Can.MODELS)
    sequences.take(db, MODELS)  # locked before anything is read: of two at once the later one sees the earlier one's
    if row.what == ENCODER:  # every text has to be embedded anew first
        raise Conflict(f"An encoder is put to use by the setting HELPDESK_ENCODER={row.name}.")
    if row.state == ModelState.CHAMPION:
        raise Conflict(f"{row.name} is in use already.")
    before = champion(db, row.what)
    if before is not None:
        before.state = ModelState.RETIRED
        row.replaces_id = before.id
    else:
        row.replaces_id = None
    row.state, row.promoted_at = ModelState.CHAMPION, clock.now()
    audit.record(db, actor, "model.promoted", "model", row.id, name=row.name)


def can_roll_back(row: ModelRow) -> bool:
    """Whether this model is in use and there is one to go back to."""
    return row.state == ModelState.CHAMPION and (row.replaces_id is not None or row.what in SHIPPED)


def roll_back(db: Session, actor: Actor, what: str) -> str:
    """Bring back the model that the present one replaced, or the one that ships; its name.

    Raises:
        NotFound: none is in use, or there was none before it.
    """
    require(RULES, actor, Can.MODELS)
    sequences.take(db, MODELS)
    now = champion(db, what)
    if now is None or not can_roll_back(now):
        raise NotFound(f"There is no earlier model for {what} to go back to.")
    before = db.get(ModelRow, now.replaces_id) if now.replaces_id else None
    now.state = ModelState.RETIRED
    if before is not None:
        before.state, before.promoted_at = ModelState.CHAMPION, clock.now()
    name = before.name if before else f"{what} (shipped)"
    audit.record(db, actor, "model.rolled_back", "model", now.id, name=name, instead_of=now.name)
    return name
