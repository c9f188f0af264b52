"""Tables of contents: nested, and cut to what applies to one Party. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpdesk.accounts.enums import Category, UserRole

# What people say for several categories or roles at once, widest first.
TOGETHER: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(UserRole), "Users"),
    (frozenset({Category.LARGE_SUPPLIER, Category.SMALL_SUPPLIER}), "Suppliers"),
    (frozenset({Category.ELECTRICITY_NETWORK, Category.GAS_NETWORK}), "Network Parties"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a table of contents."""

    id: int
    parent_id: int | None
    depth: int
    number: str
    url: str
    title: str
    applies_to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Node:
    """An entry with those below it."""

    entry: Entry
    below: list["Node"] = field(default_factory=list)


def nested(entries: Iterable[Entry]) -> list[Node]:
    """The entries as trees; each parent comes before its children."""
    tops: list[Node] = []
    nodes: dict[int, Node] = {}
    for entry in entries:
        node = nodes[entry.id] = Node(entry)
        above = nodes.get(entry.parent_id) if entry.parent_id is not None else None
        (above.below if above else tops).append(node)
    return tops


def for_party(entries: Sequence[Entry], words: frozenset[str]) -> list[Entry]:
    """What applies to everyone, to the Party's category or to one of its User Roles; a clause follows its parent."""
    hidden: set[int] = set()
    kept: list[Entry] = []
    for entry in entries:
        if entry.parent_id in hidden or (entry.applies_to and not entry.applies_to & words):
            hidden.add(entry.id)
        else:
            kept.append(entry)
    return kept


def labels(words: Iterable[str]) -> str:
    """The categories and roles of `applies_to` in words: Users, Suppliers and DCC; for none, Every Party."""
    left = set(words)
    named = []
    for group, name in TOGETHER:
        if group <= left:
            named.append(name)
            left -= group
    named += [category.label for category in Category if category in left]
    named += [role.label for role in UserRole if role in left]
    return listed(named) if named else "Every Party"


def listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
