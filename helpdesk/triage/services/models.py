"""Trained models: registered, promoted when better, rolled back."""

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, clock
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.kernel.policy import Actor, require
from helpdesk.triage.enums import ModelState
from helpdesk.triage.models import ModelRow
from helpdesk.triage.policy import RULES, Can


def champion(db: Session, what: str) -> ModelRow | None:
    """The model in use for `what`: "topic" or "priority"."""
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
        Conflict: it is in use already.
    """
    require(RULES, actor, Can.MODELS)
    if row.state == ModelState.CHAMPION:
        raise Conflict(f"{row.name} is in use already.")
    before = champion(db, row.what)
    if before is not None:
        before.state = ModelState.RETIRED
        row.replaces_id = before.id
    row.state, row.promoted_at = ModelState.CHAMPION, clock.now()
    audit.record(db, actor, "model.promoted", "model", row.id, name=row.name)


def roll_back(db: Session, actor: Actor, what: str) -> ModelRow:
    """Bring back the model that the present one replaced.

    Raises:
        NotFound: none is in use, or it replaced none.
    """
    require(RULES, actor, Can.MODELS)
    now = champion(db, what)
    before = db.get(ModelRow, now.replaces_id) if now and now.replaces_id else None
    if now is None or before is None:
        raise NotFound(f"There is no earlier model for {what} to go back to.")
    now.state, before.state, before.promoted_at = ModelState.RETIRED, ModelState.CHAMPION, clock.now()
    audit.record(db, actor, "model.rolled_back", "model", before.id, name=before.name)
    return before
