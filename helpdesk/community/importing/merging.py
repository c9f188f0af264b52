"""Lays rows of another system over what was imported from it before: new ones are added, changed ones updated."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

BATCH = 500  # rows a statement; well below the 32,766 variables that SQLite takes

Item = TypeVar("Item")
Values = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What became of the rows of one kind."""

    read: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was left out, and why; `number` counts the rows of its file."""

    file: str
    number: int
    id: str
    reason: str


@dataclass(slots=True)
class Report:
    """What an import did, or would do."""

    source: str
    tallies: dict[str, Tally] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)  # accepted answers, closed questions, duplicates
    notes: dict[str, int] = field(default_factory=dict)  # kept, but with something missing
    refusals: list[Refusal] = field(default_factory=list)

    def tally(self, kind: str) -> Tally:
        return self.tallies.setdefault(kind, Tally())

    def note(self, sentence: str) -> None:
        self.notes[sentence] = self.notes.get(sentence, 0) + 1

    def refuse(self, kind: str, refusal: Refusal) -> None:
        self.tally(kind).refused += 1
        self.refusals.append(refusal)


@dataclass(frozen=True, slots=True)
class Change:
    """A row as it stood, and the values that changed."""

    before: Any
    values: Values


@dataclass(frozen=True, slots=True)
class Merged:
    """What `merge` did: the `source_id` of each new row, and the changes to known ones."""

    added: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists that fit one statement."""
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def nothing(_known: Any, _row: Values) -> Sequence[str]:
    return ()


def merge(
    db: Session,
    model: Any,
    rows: Iterable[Values],
    compared: Sequence[str],
    tally: Tally,
    keep: Callable[[Any, Values], Sequence[str]] = nothing,
) -> Merged:
    """Add and update rows by their `source` and `source_id`; none is removed.

    `keep` names the columns of a known row that are left as they stand here.
    """
    merged = Merged()
    columns = [getattr(model, name) for name in compared]
    for batch in batches(rows):
        ids = [row["source_id"] for row in batch]
        wanted = select(model.id, model.source_id, *columns)
        wanted = wanted.where(model.source == batch[0]["source"], model.source_id.in_(ids))
        known = {row.source_id: row for row in db.execute(wanted)}
        new = [row for row in batch if row["source_id"] not in known]
        if new:
            db.execute(insert(model), new)
        found = [
            change
            for row in batch
            if (before := known.get(row["source_id"])) is not None
            and (change := _change(before, row, compared, keep)) is not None
        ]
        if found:
            db.execute(update(model), [{"id": change.before.id, **_whole(change, compared)} for change in found])
        merged.added.extend(row["source_id"] for row in new)
        merged.changes.extend(found)
        tally.added += len(new)
        tally.changed += len(found)
        tally.same += len(batch) - len(new) - len(found)
    return merged


def _change(
    before: Any, row: Values, compared: Sequence[str], keep: Callable[[Any, Values], Sequence[str]]
) -> Change | None:
    kept = keep(before, row)
    values = {name: row[name] for name in compared if name not in kept and getattr(before, name) != row[name]}
    return Change(before, values) if values else None


def _whole(change: Change, compared: Sequence[str]) -> Values:
    """Every compared column, so that one statement serves all changed rows."""
    return {name: change.values.get(name, getattr(change.before, name)) for name in compared}
