"""Pages of a list without counting it: one row more than shown tells whether there is a next page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_PAGE = 500  # deeper pages cost the database more than they are worth to a person


@dataclass(frozen=True, slots=True)
class Window:
    """A page of a list; queries fetch `limit + 1` rows from `offset`."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def limit(self) -> int:
        return self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What a window shows."""

    items: Sequence[T]
    number: int
    has_next: bool


def window(arguments: Mapping[str, str], size: int = 25) -> Window:
    """The window that `?page=` names; rubbish means the first page."""
    text = arguments.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    return Window(min(max(number, 1), MAX_PAGE), size)


def page(rows: Sequence[T], shown: Window) -> Page[T]:
    """The page made of up to `limit + 1` fetched rows."""
    return Page(rows[: shown.size], shown.number, len(rows) > shown.size)
