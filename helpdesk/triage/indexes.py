"""The indexes that a process keeps in memory; they follow the tables by sequence number."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from helpdesk.kernel import options
from helpdesk.kernel.db import reading
from helpdesk.kernel.models import SequenceRow
from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.suggest import LEADS, Shelf, key_of
from helpdesk.nlp.vectors import FaissIndex
from helpdesk.triage.models import EMBEDDING, KINDS, REBUILD, Embedding, SearchText

BATCH = 1000  # rows read at a time; searches wait for one batch at most
FAR = 2000  # changes that a request still reads itself, in about a second
WORDS = (
    SearchText.id,
    SearchText.seq,
    SearchText.object_id,
    SearchText.title,
    SearchText.body,
    SearchText.wordings,
    SearchText.leads,
    SearchText.is_deleted,
)
VECTORS = (Embedding.seq, Embedding.kind, Embedding.object_id, Embedding.part, Embedding.model, Embedding.vector)
HEADS = select(SequenceRow.name, SequenceRow.value).where(
    SequenceRow.name.in_((*KINDS, EMBEDDING, REBUILD, options.SEQUENCE))
)
MAX_ID = 2**31 - 1  # after every id: items whose number was seen are not read again


@dataclass(slots=True)
class KindIndex:
    """Words and vectors of one kind, with the same keys in both; vectors stay empty on PostgreSQL."""

    kind: str
    lexical: Bm25Index = field(default_factory=Bm25Index)
    vectors: FaissIndex | None = None
    parts: dict[int, tuple[int, int]] = field(default_factory=dict)
    """How many texts and how many leads of each item the word index holds."""
    seen: int = 0

    def take(self, rows: Sequence[Any]) -> None:
        """Bring the word index to what `rows` say."""
        self.lexical.remove(key for row in rows for key in _keys(row.object_id, *self.parts.pop(row.object_id, (0, 0))))
        keys: list[int] = []
        texts: list[str] = []
        for row in rows:
            if row.is_deleted:
                continue
            wordings = [f"{row.title}\n{row.body}", *row.wordings]
            self.parts[row.object_id] = len(wordings), len(row.leads)
            keys.extend(_keys(row.object_id, *self.parts[row.object_id]))
            texts.extend((*wordings, *row.leads))
        self.lexical.put(keys, texts)
        self.seen = max([self.seen, *(row.seq for row in rows)])


def _keys(object_id: int, texts: int, leads: int) -> list[int]:
    """The index keys of an item's own texts, and of the questions that led to it."""
    return [key_of(object_id, part) for part in (*range(texts), *range(LEADS, LEADS + leads))]


class IndexCache:
    """What a process keeps in memory of the tables. `follow` brings it up to date; searches hold `lock`."""

    def __init__(self, *, dimension: int, model: str, with_vectors: bool) -> None:
        self.model = model
        self.with_vectors = with_vectors
        self.lock = threading.RLock()
        self.following = threading.Lock()  # one thread follows at a time, so that no older row overwrites a newer one
        self.kinds = {kind: KindIndex(kind, vectors=FaissIndex(dimension) if with_vectors else None) for kind in KINDS}
        self.seen_embeddings = 0
        self.seen_rebuild = 0
        self.seen_options = -1
        self.thresholds = (1.0, 1.0)
        """From which probability a suggestion is called likely, and possible, as staff chose; read by `follow`."""

    def follow(self, db: Session, *, in_request: bool = True) -> None:
        """Read what changed since the last time: one small query when nothing did.

        A request that finds very much new leaves it to a thread and goes on with what is there.
        """
        heads = {name: value for name, value in db.execute(HEADS)}  # noqa: C416 - rows, not pairs
        if heads.get(options.SEQUENCE, 0) != self.seen_options:
            self.thresholds, self.seen_options = thresholds(db), heads.get(options.SEQUENCE, 0)
        behind = self._behind(heads)
        if behind == 0:
            return
        if in_request and behind > FAR:
            threading.Thread(target=self._catch_up, name="index", daemon=True).start()
        elif self.following.acquire(blocking=not in_request):  # else another thread reads it this very moment
            try:
                self._read(db, heads)
            finally:
                self.following.release()

    def _behind(self, heads: Mapping[str, int]) -> int:
        """How many numbers were given since the last time; a rebuild counts as one."""
        words = sum(max(heads.get(kind, 0) - index.seen, 0) for kind, index in self.kinds.items())
        vectors = max(heads.get(EMBEDDING, 0) - self.seen_embeddings, 0) if self.with_vectors else 0
        return words + vectors + (heads.get(REBUILD, 0) != self.seen_rebuild)

    def _catch_up(self) -> None:
        if self.following.locked():
            return
        with reading() as db:
            self.follow(db, in_request=False)

    def _read(self, db: Session, heads: Mapping[str, int]) -> None:
        if heads.get(REBUILD, 0) != self.seen_rebuild:
            self._start_again(heads.get(REBUILD, 0))
        for index in self.kinds.values():
            if heads.get(index.kind, 0) > index.seen:
                self._follow_words(db, index)
                # Numbers follow the order of commits, so up to the head nothing can still come.
                index.seen = max(index.seen, heads[index.kind])
        if self.with_vectors and heads.get(EMBEDDING, 0) > self.seen_embeddings:
            self._follow_vectors(db)
            self.seen_embeddings = max(self.seen_embeddings, heads[EMBEDDING])

    def shelves(self, kinds: Iterable[str]) -> list[Shelf]:
        """The shelves of an in-process search."""
        chosen = [self.kinds[kind] for kind in kinds]
        return [Shelf(one.kind, one.lexical, one.vectors) for one in chosen if one.vectors is not None]

    def _start_again(self, rebuild: int) -> None:
        with self.lock:
            for index in self.kinds.values():
                index.lexical, index.parts, index.seen = Bm25Index(), {}, 0
        self.seen_rebuild = rebuild

    def _follow_words(self, db: Session, index: KindIndex) -> None:
        after = (index.seen, MAX_ID)
        while True:
            changed = select(*WORDS).where(SearchText.kind == index.kind, tuple_(SearchText.seq, SearchText.id) > after)
            rows = db.execute(changed.order_by(SearchText.seq, SearchText.id).limit(BATCH)).all()
            with self.lock:
                index.take(rows)
            if len(rows) < BATCH:
                return
            after = (rows[-1].seq, rows[-1].id)

    def _follow_vectors(self, db: Session) -> None:
        while True:
            changed = select(*VECTORS).where(Embedding.seq > self.seen_embeddings).order_by(Embedding.seq)
            rows = db.execute(changed.limit(BATCH)).all()
            with self.lock:
                for kind, index in self.kinds.items():
                    self._take_vectors(index, [row for row in rows if row.kind == kind])
            self.seen_embeddings = max([self.seen_embeddings, *(row.seq for row in rows)])
            if len(rows) < BATCH:
                return

    def _take_vectors(self, index: KindIndex, rows: Sequence[Any]) -> None:
        """Vectors of another encoder are no use here: they leave until they are made anew."""
        if index.vectors is None or not rows:
            return
        new = [row for row in rows if row.vector is not None and row.model == self.model]
        keys = [key_of(row.object_id, row.part) for row in new]
        index.vectors.remove({key_of(row.object_id, row.part) for row in rows}.difference(keys))
        if new:
            index.vectors.put(keys, np.stack([row.vector for row in new]))


def thresholds(db: Session) -> tuple[float, float]:
    """From which probability a suggestion is called likely, and possible."""
    chosen = options.several(db, "likely", "possible")
    return float(chosen["likely"]), float(chosen["possible"])
