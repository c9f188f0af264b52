"""Numbers of terms that nobody has to read again, by their hashes alone."""

import hashlib
from bisect import bisect_left

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


class HashedVocabulary:
    """Gives each term the next number. A term is known by 64 bits of its hash: two of ten million share them never.

    A dictionary of strings takes ten times the memory, and pairs of words are many.
    """

    def __init__(self) -> None:
        self._sort(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self._hashes) + len(self._new)

    def __contains__(self, term: object) -> bool:
        return isinstance(term, str) and self._find(_hash(term)) >= 0

    def __getitem__(self, term: str) -> int:
        number = self._find(_hash(term))
        if number < 0:
            raise KeyError(term)
        return number

    def setdefault(self, term: str, number: int) -> int:
        """The number of `term`, which is `number` if it is new."""
        hashed = _hash(term)
        known = self._find(hashed)
        if known < 0:
            self._new[hashed] = known = number
        return known

    def settle(self) -> None:
        """Sort new terms in."""
        new = np.fromiter(self._new, dtype=np.int64), np.fromiter(self._new.values(), dtype=np.int64)
        self._sort(np.concatenate([self._hashes, new[0]]), np.concatenate([self._numbers, new[1]]))

    def state(self) -> dict[str, Numbers]:
        self.settle()
        return {"hashes": self._hashes, "numbers": self._numbers}

    def restore(self, state: dict[str, Numbers]) -> None:
        self._sort(state["hashes"], state["numbers"])

    def _sort(self, hashes: Numbers, numbers: Numbers) -> None:
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._numbers = hashes[order], numbers[order]
        self._looked_up = self._hashes.data  # whose elements cost a third of the array's
        self._new: dict[int, int] = {}

    def _find(self, hashed: int) -> int:
        if (number := self._new.get(hashed)) is not None:
            return number
        at = bisect_left(self._looked_up, hashed)
        return int(self._numbers[at]) if at < len(self._hashes) and self._looked_up[at] == hashed else -1


def _hash(term: str) -> int:
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
