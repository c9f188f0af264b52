"""Settings that staff change while the site runs."""

from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel.models import OptionRow

DEFAULTS: dict[str, Any] = {
    "is_demonstration": False,
    "demonstration": None,  # how far its loading has come
    "likely": 0.7,  # probability from which a suggestion is called likely
    "possible": 0.35,  # below this nothing is suggested
    "staff_need_totp": False,
}


def read(db: Session, name: str) -> Any:
    row = db.get(OptionRow, name)
    return DEFAULTS[name] if row is None else row.value


def write(db: Session, name: str, value: Any) -> None:
    if name not in DEFAULTS:
        raise KeyError(name)
    db.merge(OptionRow(name=name, value=value))
