"""Finding texts by their meaning: nearest vectors with FAISS, exact while few, by their signs first when many."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.lexical import Floats, Hit, Keys

EXACT_UP_TO = 20_000  # vectors; comparing so many in half precision takes about 2 ms of one core.
FEW = 5_000  # allowed keys; so many are compared one by one.
# Of many vectors those are compared whose signs differ least from the query's: recall@10 against an exact search is
# 0.999 of 66,000 and 0.998 of 1,000,000 texts' vectors, of the first hundred 0.98 and 0.95, in 3 and 10 ms of one core.
BY_SIGN = 1_000
DEAD_SHARE = 0.2  # of the rows; beyond it the index is made anew without them.


class VectorIndex(Protocol):
    """An index of unit vectors by nearness."""

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, shape (n, d), or replace those whose key is known."""

    def remove(self, keys: Iterable[int]) -> None:
        """Forget vectors; unknown keys are ignored."""

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` keys nearest to `vector` (float32, shape (d,), unit length) by cosine."""

    def scores(self, vector: Vectors, keys: Keys) -> Floats:
        """The cosine of each of `keys`, shape (n,); zero where the key is unknown."""

    def vectors(self, keys: Keys) -> Vectors:
        """The vectors of `keys`, float32, shape (n, d); zeros where the key is unknown."""


class FaissIndex:
    """Vectors in memory, in half precision. Rows are only ever appended; removed ones are skipped, then compacted.

    There is nothing to train and no graph to build: an index of 100,000 stands in a second, and a new row is found at
    once. The signs of a vector's components, one bit each, are 32 times smaller than the vector.
    """

    def __init__(self, dimension: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self.dimension = dimension
        self.exact_up_to = exact_up_to
        self._start()

    def __len__(self) -> int:
        return len(self._row_of)

    def put(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, float32, shape (n, dimension), or replace those whose key is known."""
        last = {key: place for place, key in enumerate(keys)}
        self.remove(last)
        self._append(list(last), np.ascontiguousarray(vectors[list(last.values())], dtype=np.float32))

    def remove(self, keys: Iterable[int]) -> None:
        """Forget vectors; unknown keys are ignored."""
        for key in keys:
            row = self._row_of.pop(key, None)
            if row is not None:
                self._alive[row] = False
        if self._index.ntotal - len(self._row_of) > max(1000, DEAD_SHARE * self._index.ntotal):
            self._compact()

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` keys nearest to `vector`, best first; equal scores in the order of their keys."""
        # In this thread alone: a second one would wait for a core while others search.
        faiss.omp_set_num_threads(1)
        if allowed is not None and len(allowed) <= FEW:
            rows = self._rows(np.unique(allowed))
            keys, scores = self._scored(vector, rows[rows >= 0])
        elif allowed is None and self._index.ntotal > self.exact_up_to:
            keys, scores = self._scored(vector, self._alike(vector, k))
        else:
            keys, scores = self._nearest(vector, k, allowed)
        hits = [Hit(int(key), float(score)) for key, score in zip(keys, scores, strict=True)]
        hits.sort(key=lambda hit: (-hit.score, hit.key))
        return hits[:k]

    def scores(self, vector: Vectors, keys: Keys) -> Floats:
        """The cosine of each of `keys`, float32, shape (n,)."""
        return self.vectors(keys) @ vector

    def vectors(self, keys: Keys) -> Vectors:
        """The vectors of `keys`, float32, shape (n, dimension); zeros where the key is unknown."""
        rows = self._rows(keys)
        result = np.zeros((len(keys), self.dimension), dtype=np.float32)
        known = rows >= 0
        if known.any():
            result[known] = self._index.reconstruct_batch(rows[known])
        return result

    def _start(self) -> None:
        self._index: Any = faiss.IndexScalarQuantizer(
            self.dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        signs: Any = faiss.IndexBinaryFlat(self.dimension)
        self._signs = signs
        self._signs.use_heap = False  # counting is faster for so many
        self._keys: Keys = np.empty(0, dtype=np.int64)
        self._alive: npt.NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._row_of: dict[int, int] = {}

    def _append(self, keys: Sequence[int], rows: Vectors) -> None:
        first = self._index.ntotal
        if len(rows):
            self._index.add(rows)
            self._signs.add(_signs(rows))
        self._room_for(first + len(rows))
        self._keys[first : first + len(rows)] = keys
        self._alive[first : first + len(rows)] = True
        self._row_of.update(zip(keys, range(first, first + len(rows)), strict=True))

    def _room_for(self, rows: int) -> None:
        """Grow by half when full, so that adding one by one does not copy everything each time."""
        if rows > len(self._keys):
            size = max(rows, len(self._keys) * 3 // 2)
            self._keys = np.resize(self._keys, size)
            alive = np.zeros(size, dtype=bool)
            alive[: len(self._alive)] = self._alive
            self._alive = alive

    def _compact(self) -> None:
        keys = list(self._row_of)
        places = np.fromiter(self._row_of.values(), dtype=np.int64)
        rows = self._index.reconstruct_batch(places) if keys else np.empty((0, self.dimension), np.float32)
        self._start()
        self._append(keys, rows)

    def _rows(self, keys: Keys) -> npt.NDArray[np.int64]:
        return np.array([self._row_of.get(key, -1) for key in keys.tolist()], dtype=np.int64)

    def _scored(self, vector: Vectors, rows: npt.NDArray[np.int64]) -> tuple[Keys, Floats]:
        """Keys and cosines of `rows`."""
        if not len(rows):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return self._keys[rows], self._index.reconstruct_batch(rows) @ vector

    def _alike(self, vector: Vectors, k: int) -> npt.NDArray[np.int64]:
        """The living rows whose signs differ from the query's in the fewest places."""
        dead = self._index.ntotal - len(self._row_of)
        wanted = min(max(BY_SIGN, 2 * k) + dead, self._index.ntotal)
        rows: npt.NDArray[np.int64] = self._signs.search(_signs(vector[None, :]), wanted)[1][0]
        return np.asarray(rows[self._alive[rows]][: max(BY_SIGN, 2 * k)])

    def _nearest(self, vector: Vectors, k: int, allowed: Keys | None) -> tuple[Keys, Floats]:
        """Every living row, or every allowed one, compared."""
        wanted = min(k, len(self._row_of))
        if wanted == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        mask = self._alive[: self._index.ntotal]
        if allowed is not None:
            rows = self._rows(np.asarray(allowed))
            mask = np.zeros(self._index.ntotal, dtype=bool)
            mask[rows[rows >= 0]] = True
        bits = np.packbits(mask, bitorder="little")
        # FAISS publishes stubs that miss the arguments its Python layer adds.
        selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]
        options = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        query = np.ascontiguousarray(vector[None, :], dtype=np.float32)
        scores, rows = self._index.search(query, wanted, params=options)
        found = rows[0] >= 0
        return self._keys[rows[0][found]], scores[0][found]


def _signs(vectors: Vectors) -> npt.NDArray[np.uint8]:
    """One bit for each component, set where it is above zero: uint8, shape (n, dimension / 8)."""
    return np.packbits(vectors > 0, axis=1)
