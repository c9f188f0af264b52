"""Events: a domain says what happened, `app.py` lists who listens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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


GATHERED = "content_changed"  # where a session keeps what `together` gathers
IDS_IN_EVENT = 500

Handler = Callable[[Session, Any], None]
Handlers = Mapping[type[Event], Sequence[Handler]]

_handlers: Handlers = {}


def install(handlers: Handlers) -> None:
    """Say who listens in this process; `app.py` holds the table."""
    global _handlers  # noqa: PLW0603 - the table is assembled once, by the application
    _handlers = handlers


def publish(db: Session, event: Event) -> None:
    """Write one event row and call its handlers in the same transaction."""
    gathered = db.info.get(GATHERED)
    if gathered is not None and isinstance(event, ContentChanged):
        gathered.setdefault(event.kind, {}).update(dict.fromkeys(event.ids))
        return
    db.add(EventRow(name=type(event).__name__, payload=asdict(event)))
    for handler in _handlers.get(type(event), ()):
        handler(db, event)


@contextmanager
def together(db: Session) -> Iterator[None]:
    """Tell of changed texts at the end of the block, each once: bulk work changes a text many times in a row."""
    gathered: dict[str, dict[int, None]] = {}
    db.info[GATHERED] = gathered
    try:
        yield
    finally:
        del db.info[GATHERED]
    for kind, found in gathered.items():
        ids = tuple(found)
        for start in range(0, len(ids), IDS_IN_EVENT):
            publish(db, ContentChanged(kind, ids[start : start + IDS_IN_EVENT]))
