"""The one shape in which every domain offers its texts to indexes, lists and suggestions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.policy import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the indexes know of one item.

    `texts` are the wordings that are embedded each for itself (a question's title, every wording of a published
    answer, a clause's text); `body` is what the word search reads beside `title`. `organisation_id` names the owner
    of a private item, so that candidates can be cut early; the decision stays with `visible`. `categories` are those
    of the Parties that staff wrote it for, if they chose some; a ticket's is its requester's. A document whose
    `is_deleted` is true leaves the indexes.
    """

    kind: str
    id: int
    seq: int
    title: str
    body: str
    texts: tuple[str, ...]
    reference: str = ""  # ticket reference or clause number, matched exactly
    heading_path: str = ""
    organisation_id: int | None = None
    categories: tuple[str, ...] = ()
    topic: str = ""
    created_at: datetime | None = None
    votes: int = 0
    is_solved: bool = False
    is_official: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a reader sees of one item in a list: nothing here may go beyond what `visible` allows."""

    kind: str
    id: int
    title: str
    url: str
    excerpt: str
    facts: Mapping[str, Any] = field(default_factory=dict)  # votes, answers, is_solved, status, number, date


class Documents(Protocol):
    def __call__(self, db: Session, *, after_seq: int = 0, ids: Sequence[int] | None = None) -> Iterable[Document]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of item: `answer`, `question`, `article`, `clause` or `ticket`."""

    kind: str
    documents: Documents
    visible: Callable[[Actor], Select[int]]
    cards: Callable[[Session, Actor, Sequence[int]], list[Card]]
    model: Any
    """The mapped class of its items, those that are hidden too; `seq` is the number of their newest change."""


_sources: Mapping[str, Source] = {}


def install(sources: Iterable[Source]) -> None:
    """Say which kinds exist in this process; `app.py` holds the list."""
    global _sources  # noqa: PLW0603 - the table is assembled once, by the application
    _sources = {source.kind: source for source in sources}


def all_sources() -> tuple[Source, ...]:
    return tuple(_sources.values())


def source(kind: str) -> Source:
    """The source of one kind.

    Raises:
        NotFound: there is no such kind.
    """
    if kind not in _sources:
        raise NotFound("There is nothing of that kind here.")
    return _sources[kind]
