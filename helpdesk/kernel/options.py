"""Settings that staff change while the site runs."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel import sequences
from helpdesk.kernel.models import OptionRow

SEQUENCE = "options"  # grows with every change, for processes that keep what they read

DEFAULTS: dict[str, Any] = {
    "is_demonstration": False,
    "demonstration": None,  # how far its loading has come
    "likely": 0.7,  # probability from which a suggestion is called likely
    "possible": 0.35,  # probability that one of the first three answers, from which a list is shown
    "threshold_curve": None,  # what other thresholds would mean, as counted last
    "staff_need_totp": False,
    "encoder": "",  # name of the model whose vectors are searched; it changes once those of another are complete
    "index_snapshots": [],  # marks of the copies of the indexes that processes keep on disk
}


def read(db: Session, name: str) -> Any:
    return several(db, name)[name]


def several(db: Session, *names: str) -> dict[str, Any]:
    """The values of `names`, in one query."""
    rows = db.execute(select(OptionRow.name, OptionRow.value).where(OptionRow.name.in_(names)))
    return {name: DEFAULTS[name] for name in names} | {row.name: row.value for row in rows}


def write(db: Session, name: str, value: Any) -> None:
    if name not in DEFAULTS:
        raise KeyError(name)
    db.merge(OptionRow(name=name, value=value))
    sequences.take(db, SEQUENCE)
