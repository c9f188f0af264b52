"""How often each term stands in each item: a sparse matrix by terms, in plain arrays.

SciPy's would do, but takes 27 MB of every web process for the six operations that an index of words needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, eq=False)
class Counts:
    """Items of term t are `items[starts[t] : starts[t + 1]]`, in rising order, and their counts stand beside them."""

    starts: npt.NDArray[np.int32]
    """Shape (terms + 1,). Of pairs of words there are millions: four bytes and not eight, for up to 2**31 counts."""
    items: npt.NDArray[np.int32]
    values: npt.NDArray[np.uint8]
    width: int
    """How many items there are."""

    @classmethod
    def of(cls, terms: Ints, items: Ints, values: npt.NDArray[np.uint8], shape: tuple[int, int]) -> "Counts":
        """From one count for each term of each item, item by item; `shape` is (terms, items)."""
        order = np.argsort(terms, kind="stable")
        starts = np.searchsorted(terms[order], np.arange(shape[0] + 1))
        return cls(starts.astype(np.int32), items[order].astype(np.int32), values[order], shape[1])

    @property
    def terms(self) -> int:
        return len(self.starts) - 1

    def span(self, term: int) -> slice:
        """Where the items of `term` stand; nowhere if the matrix is older than the term."""
        return slice(int(self.starts[term]), int(self.starts[term + 1])) if term < self.terms else slice(0, 0)

    def frequencies(self) -> npt.NDArray[np.int32]:
        """In how many items each term stands, shape (terms,)."""
        return np.diff(self.starts)

    def lengths(self) -> npt.NDArray[np.float32]:
        """How many terms each item has, shape (items,)."""
        return np.bincount(self.items, weights=self.values, minlength=self.width).astype(np.float32)

    def of_items(self, kept: npt.NDArray[np.bool_]) -> "Counts":
        """Only the items that are `kept`, shape (items,), numbered anew."""
        if kept.all():
            return self
        still = kept[self.items]
        number = np.cumsum(kept, dtype=np.int32) - 1
        starts = np.concatenate([[0], np.cumsum(still)])[self.starts].astype(np.int32)
        return Counts(starts, number[self.items[still]].astype(np.int32), self.values[still], int(kept.sum()))

    def of_terms(self, used: Sequence[int] | Ints) -> "Counts":
        """Only the terms that are `used`; all others must stand in no item."""
        starts = np.append(self.starts[:-1][used], self.starts[-1])
        return Counts(starts, self.items, self.values, self.width)

    def beside(self, others: "Counts") -> "Counts":
        """The same with the items of `others` after its own; `others` may know more terms."""
        more = np.full(others.terms - self.terms, self.starts[-1])
        before, after = np.concatenate([self.starts, more]), others.starts
        places = np.arange(len(self.items)) + np.repeat(after[:-1], np.diff(before))
        others_places = np.arange(len(others.items)) + np.repeat(before[1:], np.diff(after))
        items = np.empty(len(self.items) + len(others.items), dtype=np.int32)
        values = np.empty(len(items), dtype=np.uint8)
        items[places], items[others_places] = self.items, others.items + np.int32(self.width)
        values[places], values[others_places] = self.values, others.values
        return Counts(before + after, items, values, self.width + others.width)
