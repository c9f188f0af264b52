"""Events: a domain says what happened, `app.py` lists who listens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel.models import EventRow


@dataclass(frozen=True)
class Event:
    """Something that happened. Fields are ids and plain values, never objects."""


@dataclass(frozen=True)
class ContentChanged(Event):
    """Texts of one `Source` kind were added, edited, hidden or deleted; its indexes must follow."""

    kind: str
    ids: tuple[int, ...]


Handler = Callable[[Session, Any], None]
Handlers = Mapping[type[Event], Sequence[Handler]]

_handlers: Handlers = {}


def install(handlers: Handlers) -> None:
    """Say who listens in this process; `app.py` holds the table."""
    global _handlers  # noqa: PLW0603 - the table is assembled once, by the application
    _handlers = handlers


def publish(db: Session, event: Event) -> None:
    """Write one event row and call its handlers in the same transaction."""
    db.add(EventRow(name=type(event).__name__, payload=asdict(event)))
    for handler in _handlers.get(type(event), ()):
        handler(db, event)
