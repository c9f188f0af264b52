"""How a changed text reaches the indexes: a number in the order of commits, and the event that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy.orm import Session

from helpdesk.kernel import sequences
from helpdesk.kernel.events import ContentChanged, publish

IDS_IN_EVENT = 500
GATHERED = "changed_texts"  # where a session keeps what `together` gathers


class Numbered(Protocol):
    """A row that a `Source` offers."""

    id: int
    seq: int


def changed(db: Session, kind: str, *rows: Numbered) -> None:
    """The texts, visibility or standing of `rows` changed, and the indexes of `kind` must follow."""
    gathered: dict[str, dict[Numbered, None]] | None = db.info.get(GATHERED)
    if gathered is None:
        _tell(db, kind, rows)
    else:
        gathered.setdefault(kind, {}).update(dict.fromkeys(rows))


@contextmanager
def together(db: Session) -> Iterator[None]:
    """Tell of changes at the end of the block, each row once: bulk work changes a row many times."""
    gathered: dict[str, dict[Numbered, None]] = {}
    db.info[GATHERED] = gathered
    try:
        yield
    finally:
        del db.info[GATHERED]
    for kind, rows in gathered.items():
        _tell(db, kind, tuple(rows))


def _tell(db: Session, kind: str, rows: tuple[Numbered, ...]) -> None:
    if not rows:
        return
    first = sequences.take(db, kind, len(rows))
    for seq, row in enumerate(rows, start=first):
        row.seq = seq
    db.flush()
    ids = [row.id for row in rows]
    for start in range(0, len(ids), IDS_IN_EVENT):
        publish(db, ContentChanged(kind, tuple(ids[start : start + IDS_IN_EVENT])))
