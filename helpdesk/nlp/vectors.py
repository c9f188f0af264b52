"""Finding texts by their meaning: nearest vectors with FAISS, exact while few, by their signs first when many."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.lexical import Floats, Hit, Keys

Places: TypeAlias = npt.NDArray[np.int64]

EXACT_UP_TO = 20_000  # vectors; comparing so many takes about 2 ms of one core.
# Of many vectors those are compared whose signs differ least from the query's: recall@10 against an exact search is
# 0.999 of 66,000 and 0.998 of 1,000,000 texts' vectors, of the first hundred 0.98 and 0.95, in 3 and 10 ms of one core.
BY_SIGN = 1_000
DEAD_SHARE = 0.2  # of the rows; beyond it the index is made anew without them.
BLOCK = 20_000  # rows made single precision at once
LEVELS = 127  # on either side of zero, of a stored component
SPARE_SHARE = 0.125  # of the rows; room made for new ones when there is none.
LANES = 16  # rows that are multiplied alike; those that a block has beyond a multiple of it differ in the last bit
UNSORTED = 2_000  # rows whose keys are looked up in a dictionary until they are sorted in.


class VectorIndex(Protocol):
    """An index of unit vectors by nearness."""

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, shape (n, d), or replace those whose key is known."""

    def remove(self, keys: Iterable[int]) -> None:
        """Forget vectors; unknown keys are ignored."""

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` keys nearest to `vector` (float32, shape (d,), unit length) by cosine."""

    def products(self, vectors: Sequence[Vectors], keys: Keys) -> Floats:
        """The product of each of `vectors` with the vector of each of `keys`: float32, shape (len(vectors), n).

        Those with a unit vector are cosines. Zero where the key is unknown. `vectors`, at least one, have shape (d,).
        """

    def vectors(self, keys: Keys) -> Vectors:
        """The vectors of `keys`, float32, shape (n, d); zeros where the key is unknown."""


class _Rows:
    """Where the row of each key stands: sorted arrays, and a dictionary of what came since they were sorted.

    A dictionary of everything would take ten times the memory.
    """

    def __init__(self, keys: Keys) -> None:
        self.count = len(keys)
        self._sort(keys, np.arange(len(keys)))

    def find(self, keys: Keys) -> Places:
        """The row of each key, -1 for unknown ones."""
        found = np.full(len(keys), -1, dtype=np.int64)
        if len(self.keys):
            at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            found = np.where(self.keys[at] == keys, self.places[at], -1)
        if self.new:
            for number, key in enumerate(keys.tolist()):
                found[number] = self.new.get(key, found[number])
        return found

    def put(self, keys: Sequence[int], first: int) -> None:
        """Unknown keys get the rows from `first` on."""
        self.new.update(zip(keys, range(first, first + len(keys)), strict=True))
        self.count += len(keys)
        if len(self.new) > max(UNSORTED, len(self.keys) // 8):
            self._sort_in()

    def remove(self, keys: Keys) -> None:
        """Forget keys that are known."""
        old = [key for key in keys.tolist() if self.new.pop(key, None) is None]
        self.places[np.searchsorted(self.keys, old)] = -1
        self.count -= len(keys)

    def _sort_in(self) -> None:
        kept = self.places >= 0
        new = np.fromiter(self.new, dtype=np.int64), np.fromiter(self.new.values(), dtype=np.int64)
        self._sort(np.concatenate([self.keys[kept], new[0]]), np.concatenate([self.places[kept], new[1]]))

    def _sort(self, keys: Keys, places: Places) -> None:
        order = np.argsort(keys, kind="stable")
        self.keys, self.places = keys[order], places[order]
        self.new: dict[int, int] = {}


class FaissIndex:
    """Vectors in memory, a byte a component. Rows are only ever appended; removed ones are skipped, then compacted.

    There is nothing to train and no graph to build: an index of 100,000 stands in a second, and a new row is found at
    once. The signs of a vector's components, one bit each, are 8 times smaller still. A cosine is off by 0.0004 (one
    standard deviation; half precision: 0.00001), and of the ten nearest of 22,000 texts 99.8% stay the same.
    """

    def __init__(self, dimension: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self.dimension = dimension
        self.exact_up_to = exact_up_to
        self._start(np.empty(0, np.int64), np.empty((0, dimension), np.int8), np.empty(0, np.float32))

    def __len__(self) -> int:
        return self._rows.count

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, float32, shape (n, dimension), or replace those whose key is known."""
        last = {key: place for place, key in enumerate(keys)}
        self.remove(last)
        rows = np.asarray(vectors[list(last.values())], dtype=np.float32)
        scales = np.maximum(np.abs(rows).max(axis=1, initial=0), np.float32(1e-12)) / np.float32(LEVELS)
        self._append(list(last), np.rint(rows / scales[:, None]).astype(np.int8), scales)

    def remove(self, keys: Iterable[int]) -> None:
        """Forget vectors; unknown keys are ignored."""
        gone = np.unique(np.fromiter(keys, dtype=np.int64))
        rows = self._rows.find(gone)
        self._alive[rows[rows >= 0]] = False
        self._rows.remove(gone[rows >= 0])
        if self._size - len(self) > max(1000, DEAD_SHARE * self._size):
            self._compact()

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` keys nearest to `vector`, best first; equal scores in the order of their keys."""
        if allowed is not None:
            rows = self._rows.find(np.unique(allowed))
            rows = rows[rows >= 0]
        elif self._size > self.exact_up_to:
            rows = self._alike(vector, k)
        else:
            rows = np.flatnonzero(self._alive[: self._size])
        scores, keys = self._products(vector[None, :], rows)[0], self._keys[rows]
        if len(rows) > k:
            some = np.argpartition(-scores, k - 1)[:k]
            edge = scores >= scores[some].min()  # with those that are equal to the last
            scores, keys = scores[edge], keys[edge]
        order = np.lexsort((keys, -scores))[:k]
        return [Hit(key, score) for key, score in zip(keys[order].tolist(), scores[order].tolist(), strict=True)]

    def products(self, vectors: Sequence[Vectors], keys: Keys) -> Floats:
        """The product of each of `vectors` with the vector of each of `keys`, float32, shape (len(vectors), n)."""
        rows = self._rows.find(keys)
        result = np.zeros((len(vectors), len(keys)), dtype=np.float32)
        result[:, rows >= 0] = self._products(np.stack(vectors), rows[rows >= 0])
        return result

    def vectors(self, keys: Keys) -> Vectors:
        """The vectors of `keys`, float32, shape (n, dimension); zeros where the key is unknown."""
        rows = self._rows.find(keys)
        result = np.zeros((len(keys), self.dimension), dtype=np.float32)
        known = rows[rows >= 0]
        result[rows >= 0] = self._bytes[known] * self._scales[known, None]
        return result

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The living rows as arrays: keys, bytes and what a byte's step is worth."""
        rows = np.flatnonzero(self._alive[: self._size])
        return {"keys": self._keys[rows], "bytes": self._bytes[rows], "scales": self._scales[rows]}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Hold what `state` says and nothing else."""
        self._start(state["keys"], state["bytes"], state["scales"])

    def _start(self, keys: Keys, rows: npt.NDArray[np.int8], scales: Floats) -> None:
        self._size = len(keys)
        self._keys, self._bytes, self._scales = keys, rows, scales
        self._alive = np.ones(len(keys), dtype=bool)
        self._rows = _Rows(keys)
        signs: Any = faiss.IndexBinaryFlat(self.dimension)
        self._signs = signs
        self._signs.use_heap = False  # counting is faster for so many
        for at in range(0, len(keys), BLOCK):
            self._signs.add(_signs(rows[at : at + BLOCK]))

    def _append(self, keys: Sequence[int], rows: npt.NDArray[np.int8], scales: Floats) -> None:
        first, last = self._size, self._size + len(keys)
        if last > len(self._keys):
            room = last + int(SPARE_SHARE * last)
            self._keys, self._bytes = _grown(self._keys, room), _grown(self._bytes, room)
            self._scales, self._alive = _grown(self._scales, room), _grown(self._alive, room)
        self._keys[first:last], self._bytes[first:last], self._scales[first:last] = keys, rows, scales
        self._alive[first:last] = True
        if len(keys):
            self._signs.add(_signs(rows))
        self._rows.put(keys, first)
        self._size = last

    def _compact(self) -> None:
        self.restore(self.state())

    def _products(self, vectors: Vectors, rows: Places) -> Floats:
        """The products of `vectors`, shape (m, dimension), with `rows`, shape (m, n); equal rows have equal ones."""
        result = np.empty((len(vectors), len(rows)), dtype=np.float32)
        for at in range(0, len(rows), BLOCK):
            some = rows[at : at + BLOCK]
            block = np.zeros((-(-len(some) // LANES) * LANES, self.dimension), dtype=np.float32)
            block[: len(some)] = self._bytes[some]
            result[:, at : at + BLOCK] = (vectors @ block.T)[:, : len(some)] * self._scales[some]
        return result

    def _alike(self, vector: Vectors, k: int) -> Places:
        """The living rows whose signs differ from the query's in the fewest places."""
        # In this thread alone: a second one would wait for a core while others search.
        faiss.omp_set_num_threads(1)
        wanted = min(max(BY_SIGN, 2 * k) + self._size - len(self), self._size)
        rows: Places = self._signs.search(_signs(vector[None, :]), wanted)[1][0]
        return np.asarray(rows[self._alive[rows]][: max(BY_SIGN, 2 * k)])


def _grown(array: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    larger = np.zeros((rows, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def _signs(vectors: Vectors | npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
    """One bit for each component, set where it is above zero: uint8, shape (n, dimension / 8)."""
    return np.packbits(vectors > 0, axis=1)
