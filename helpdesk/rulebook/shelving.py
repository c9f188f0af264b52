"""Finds the place of clauses in a version: clause above, address, path of headings, order. Knows no session."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from helpdesk.kernel.errors import Invalid
from helpdesk.rulebook.drafts import Added, ClauseDraft
from helpdesk.rulebook.models import Clause
from helpdesk.rulebook.numbering import canonical, levels, lookup_order, other_address, set_address

MAX_HEADING_CHARACTERS = 300  # what the column holds

Key = str | tuple[str, ...]


class Shelf:
    """The clauses of one version, those it holds and those that are being added."""

    def __init__(self, version_id: int, is_section_set: bool, held: Sequence[Clause]) -> None:
        self.version_id = version_id
        self.is_section_set = is_section_set
        self.placed: list[Clause] = []
        self._held = {clause.source_id: clause for clause in held}
        self._by_id = {clause.id: clause for clause in held}
        self._addresses = {clause.address for clause in held}
        self._latest: dict[Key, Clause] = {self._key(clause.number): clause for clause in held}
        self._new: list[tuple[Clause, Clause | None]] = []
        self._changed: list[Clause] = []
        self._sources: set[str] = set()
        self._last = held[-1].position if held else -1

    def place(self, draft: ClauseDraft) -> None:
        """Take one clause in; its parent must have come before it.

        Raises:
            Invalid: the number is not one of the code, or the parent is not there.
        """
        number = self._number(draft.number)
        parent = self._parent(draft, number)
        source_id = self._source_id(draft.source_id or number)
        clause = self._held.get(source_id)
        if clause is None:
            clause = Clause(
                version_id=self.version_id, source_id=source_id, number=number, address=self._address(number)
            )
            self._new.append((clause, parent))
        facts = {
            "heading": draft.heading[:MAX_HEADING_CHARACTERS],
            "text": draft.text,
            "heading_path": _path(parent),
            "depth": parent.depth + 1 if parent else 0,
            "applies_to": list(draft.applies_to),
            "is_demonstration": draft.is_demonstration,
            "is_verified": draft.is_verified,
        }
        if any(getattr(clause, name) != value for name, value in facts.items()):
            for name, value in facts.items():
                setattr(clause, name, value)
            if source_id in self._held:
                self._changed.append(clause)
        self._latest[self._key(number)] = clause
        self.placed.append(clause)

    @property
    def shift_after(self) -> int:
        """The last position that the clauses being added held before."""
        return max((clause.position for clause in self.placed if clause.source_id in self._held), default=self._last)

    @property
    def shift(self) -> int:
        """By how much the clauses behind must move."""
        is_last = self.shift_after == self._last
        return 0 if is_last else len(self._new)

    def new_by_depth(self) -> Iterator[list[tuple[Clause, Clause | None]]]:
        """New clauses with their parents, level by level: a parent has its id before its children need it."""
        self._order()
        for _depth, level in groupby(sorted(self._new, key=lambda pair: pair[0].depth), lambda pair: pair[0].depth):
            yield list(level)

    def settle(self) -> list[Clause]:
        """The clauses that are new or different."""
        return [*(clause for clause, _parent in self._new), *self._changed]

    def report(self) -> Added:
        known = len(self.placed) - len(self._new)
        return Added(
            added=len(self._new),
            changed=len(self._changed),
            unchanged=known - len(self._changed),
            missing=len(self._held.keys() - self._sources),
        )

    def _order(self) -> None:
        held = [clause.position for clause in self.placed if clause.source_id in self._held]
        first = min(held, default=self._last + 1)
        for offset, clause in enumerate(self.placed):
            clause.position = first + offset

    def _number(self, text: str) -> str:
        if not self.is_section_set:
            return text.strip()
        number = canonical(text)
        if number is None:
            raise Invalid(f"“{text[:60]}” is not a number of the code, such as Section G, H14.31 or Appendix L.")
        return number

    def _key(self, number: str) -> Key:
        return number if self.is_section_set else levels(number)

    def _parent(self, draft: ClauseDraft, number: str) -> Clause | None:
        if draft.parent is not None:
            parent = self._latest.get(self._key(self._number(draft.parent)))
            if parent is None:
                raise Invalid(f"{number} is below {draft.parent}, which has not come before it.")
            return parent
        keys: Sequence[Key]
        if self.is_section_set:
            keys = lookup_order(number)[1:]
        else:
            parts = levels(number)
            keys = [parts[:count] for count in range(len(parts) - 1, 0, -1)]
        return next((self._latest[key] for key in keys if key in self._latest), None)

    def _source_id(self, wanted: str) -> str:
        return _unused(wanted, self._sources)

    def _address(self, number: str) -> str:
        return _unused(set_address(number) if self.is_section_set else other_address(number), self._addresses)


def _unused(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with ~2, ~3 behind it: some documents give one number to two clauses."""
    found, count = wanted, 1
    while found in taken:
        count += 1
        found = f"{wanted}~{count}"
    taken.add(found)
    return found


def _path(parent: Clause | None) -> str:
    """The headings above, outermost first."""
    if parent is None:
        return ""
    return " › ".join(part for part in (parent.heading_path, f"{parent.number} {parent.heading}".strip()) if part)
