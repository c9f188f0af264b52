"""Finding texts by their meaning: nearest vectors with FAISS, exact while few, a graph when many."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.lexical import Floats, Hit, Keys

EXACT_UP_TO = 50_000  # vectors; estimated from 16 to 40 ms for an exact search of 100,000.
FEW = 5_000  # allowed keys; comparing that many one by one beats a filtered walk of the graph.
LINKS = 32  # of each node in the graph; with SEARCH_WIDTH recall@10 is 0.989 at 100,000 vectors.
SEARCH_WIDTH = 128
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


class FaissIndex:
    """Vectors in memory. Rows are only ever appended; removed ones are skipped, then compacted."""

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
        rows = np.ascontiguousarray(vectors[list(last.values())], dtype=np.float32)
        if not self._is_graph and self._index.ntotal + len(rows) > self.exact_up_to:
            self._rebuild(graph=True)
        self._append(list(last), rows)

    def remove(self, keys: Iterable[int]) -> None:
        """Forget vectors; unknown keys are ignored."""
        for key in keys:
            row = self._row_of.pop(key, None)
            if row is not None:
                self._alive[row] = False
        if self._index.ntotal - len(self._row_of) > max(1000, DEAD_SHARE * self._index.ntotal):
            self._rebuild(graph=self._is_graph)

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> list[Hit]:
        """The `k` keys nearest to `vector`, best first; equal scores in the order of their keys."""
        if allowed is not None and len(allowed) <= FEW:
            keys = np.unique(allowed)
            keys = keys[self._rows(keys) >= 0]
            scores = self.scores(vector, keys)
        else:
            keys, scores = self._nearest(vector, k, allowed)
        hits = [Hit(int(key), float(score)) for key, score in zip(keys, scores, strict=True)]
        hits.sort(key=lambda hit: (-hit.score, hit.key))
        return hits[:k]

    def scores(self, vector: Vectors, keys: Keys) -> Floats:
        """The cosine of each of `keys`, float32, shape (n,)."""
        rows = self._rows(keys)
        result = np.zeros(len(keys), dtype=np.float32)
        known = rows >= 0
        if known.any():
            result[known] = self._index.reconstruct_batch(rows[known]) @ vector
        return result

    def _start(self) -> None:
        self._index: Any = faiss.IndexFlatIP(self.dimension)
        self._is_graph = False
        self._keys: Keys = np.empty(0, dtype=np.int64)
        self._alive: npt.NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._row_of: dict[int, int] = {}

    def _append(self, keys: Sequence[int], rows: Vectors) -> None:
        first = self._index.ntotal
        if len(rows):
            self._index.add(rows)
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

    def _rebuild(self, *, graph: bool) -> None:
        keys = list(self._row_of)
        places = np.fromiter(self._row_of.values(), dtype=np.int64)
        rows = self._index.reconstruct_batch(places) if keys else np.empty((0, self.dimension), np.float32)
        self._start()
        if graph:
            self._index = faiss.IndexHNSWFlat(self.dimension, LINKS, faiss.METRIC_INNER_PRODUCT)
            self._is_graph = True
        self._append(keys, rows)

    def _rows(self, keys: Keys) -> npt.NDArray[np.int64]:
        return np.array([self._row_of.get(key, -1) for key in keys.tolist()], dtype=np.int64)

    def _nearest(self, vector: Vectors, k: int, allowed: Keys | None) -> tuple[Keys, Floats]:
        wanted = min(k, len(self._row_of))
        if wanted == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        mask = self._alive[: self._index.ntotal]
        if allowed is not None:
            rows = self._rows(np.asarray(allowed))
            mask = np.zeros(self._index.ntotal, dtype=bool)
            mask[rows[rows >= 0]] = True
        bits = np.packbits(mask, bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]
        query = np.ascontiguousarray(vector[None, :], dtype=np.float32)
        # FAISS publishes stubs that miss the arguments its Python layer adds.
        if self._is_graph:
            width = max(SEARCH_WIDTH, wanted)
            options = faiss.SearchParametersHNSW(  # type: ignore[attr-defined]
                sel=selector, efSearch=width
            )
        else:
            options = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self._index.search(query, wanted, params=options)
        found = rows[0] >= 0
        return self._keys[rows[0][found]], scores[0][found]
