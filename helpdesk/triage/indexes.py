"""The indexes that a process keeps in memory; they follow the tables by sequence number."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from helpdesk.kernel import options
from helpdesk.kernel.db import reading
from helpdesk.kernel.models import SequenceRow
from helpdesk.nlp.lexical import Bm25Index, LexicalIndex, pair_index
from helpdesk.nlp.mending import corrected
from helpdesk.nlp.ranking import FADING_KINDS, PASSAGE_KINDS
from helpdesk.nlp.suggest import ADDRESSED_KINDS, LEADS, Leads, Shelf, key_of
from helpdesk.nlp.vectors import FaissIndex, VectorIndex
from helpdesk.triage.models import EMBEDDING, KINDS, MODELS, REBUILD, Embedding, SearchText

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
    SearchText.heading_path,
    SearchText.categories,
    SearchText.created_at,
    SearchText.votes,
    SearchText.is_deleted,
)
VECTORS = (Embedding.seq, Embedding.kind, Embedding.object_id, Embedding.part, Embedding.vector)
HEADS = select(SequenceRow.name, SequenceRow.value).where(
    SequenceRow.name.in_((*KINDS, EMBEDDING, MODELS, REBUILD, options.SEQUENCE))
)
NUMBERS = ("texts", "groups", "days", "votes")  # what a KindIndex knows of its items
PATH_SIGN = " › "  # between the document's title and the headings of a path
MAX_ID = 2**31 - 1  # after every id: items whose number was seen are not read again


class SmallNumbers(MutableMapping[int, int]):
    """A number above zero for some of the ids of a table, as an array: a dictionary takes twenty times the memory."""

    def __init__(self, numbers: npt.NDArray[np.int32] | None = None) -> None:
        self.numbers = np.zeros(0, dtype=np.int32) if numbers is None else numbers

    def __getitem__(self, at: int) -> int:
        if at >= len(self.numbers) or not self.numbers[at]:
            raise KeyError(at)
        return int(self.numbers[at])

    def __setitem__(self, at: int, number: int) -> None:
        if at >= len(self.numbers):
            self.numbers = np.concatenate([self.numbers, np.zeros(at + at // 8 + 1 - len(self.numbers), np.int32)])
        self.numbers[at] = number

    def __delitem__(self, at: int) -> None:
        self.numbers[at] = 0

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self.numbers).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.numbers))


@dataclass(slots=True)
class KindIndex:
    """Words and vectors of one kind, with the same keys in both; vectors stay empty on PostgreSQL.

    What items answered before is indexed apart, on both databases: it is little, and it is asked differently.
    """

    kind: str
    dimension: int
    vectors: FaissIndex | None = None
    lexical: Bm25Index = field(default_factory=Bm25Index)
    pairs: Bm25Index | None = None
    lead_words: Bm25Index = field(default_factory=Bm25Index)
    lead_vectors: FaissIndex = field(init=False)
    texts: SmallNumbers = field(default_factory=SmallNumbers)
    """How many texts of each item the word index holds."""
    leads: dict[int, int] = field(default_factory=dict)
    """How many questions are known that each item answered."""
    groups: SmallNumbers = field(default_factory=SmallNumbers)
    """The number of the document that each passage belongs to."""
    documents: dict[str, int] = field(default_factory=dict)
    days: SmallNumbers = field(default_factory=SmallNumbers)
    votes: SmallNumbers = field(default_factory=SmallNumbers)
    written_for: dict[int, frozenset[str]] = field(default_factory=dict)
    """See `Shelf`."""
    seen: int = 0

    def __post_init__(self) -> None:
        self.pairs = pair_index() if self.kind in PASSAGE_KINDS else None
        self.lead_vectors = FaissIndex(self.dimension)

    def take(self, rows: Sequence[Any]) -> None:
        """Bring the word indexes to what `rows` say."""
        self._forget([row.object_id for row in rows])
        keys: list[int] = []
        texts: list[str] = []
        led: list[tuple[int, str]] = []
        for row in rows:
            if row.is_deleted:
                continue
            wordings = [f"{row.title}\n{row.body}", *row.wordings]
            self.texts[row.object_id] = len(wordings)
            keys.extend(key_of(row.object_id, part) for part in range(len(wordings)))
            texts.extend(wordings)
            if row.leads:
                self.leads[row.object_id] = len(row.leads)
                led.extend((key_of(row.object_id, part), text) for part, text in enumerate(row.leads, start=LEADS))
            if self.kind in FADING_KINDS and row.created_at is not None:
                self.days[row.object_id] = row.created_at.toordinal()
                self.votes[row.object_id] = max(row.votes, 0)
            if self.kind in ADDRESSED_KINDS and row.categories:
                self.written_for[row.object_id] = frozenset(row.categories)
            if self.pairs is not None:
                document = row.heading_path.partition(PATH_SIGN)[0]
                self.groups[row.object_id] = self.documents.setdefault(document, len(self.documents) + 1)
        self.lexical.put(keys, texts)
        self.lead_words.put([key for key, _ in led], [text for _, text in led])
        if self.pairs is not None:
            self.pairs.put(keys, texts)
        self.seen = max([self.seen, *(row.seq for row in rows)])

    def _forget(self, ids: Sequence[int]) -> None:
        gone = [key_of(one, part) for one in ids for part in range(self.texts.pop(one, 0))]
        self.lexical.remove(gone)
        if self.pairs is not None:
            self.pairs.remove(gone)
        self.lead_words.remove([key_of(one, LEADS + part) for one in ids for part in range(self.leads.pop(one, 0))])
        for one in ids:
            self.written_for.pop(one, None)

    def take_vectors(self, rows: Sequence[Any]) -> None:
        """Bring the vectors to what `rows` say."""
        for index, is_lead in ((self.vectors, False), (self.lead_vectors, True)):
            own = [row for row in rows if (row.part >= LEADS) is is_lead]
            if index is None or not own:
                continue
            new = [row for row in own if row.vector is not None]
            keys = [key_of(row.object_id, row.part) for row in new]
            index.remove({key_of(row.object_id, row.part) for row in own}.difference(keys))
            if new:
                index.put(keys, np.stack([row.vector for row in new]))

    def start_again(self) -> None:
        """Forget every text; vectors stay, since a rebuild numbers anew only those that it changes."""
        self.lexical, self.lead_words, self.seen = Bm25Index(), Bm25Index(), 0
        self.pairs = pair_index() if self.pairs is not None else None
        self.texts, self.groups, self.leads, self.documents = SmallNumbers(), SmallNumbers(), {}, {}
        self.days, self.votes, self.written_for = SmallNumbers(), SmallNumbers(), {}

    def parts(self) -> Iterator[tuple[str, Bm25Index | FaissIndex]]:
        """Its indexes by name."""
        for name in ("lexical", "pairs", "lead_words", "vectors", "lead_vectors"):
            if (part := getattr(self, name)) is not None:
                yield name, part

    def state(self) -> dict[str, Any]:
        """All of it as arrays."""
        state = {f"{name}.{key}": array for name, part in self.parts() for key, array in part.state().items()}
        state |= {name: getattr(self, name).numbers for name in NUMBERS}
        state["leads"] = np.array(list(self.leads.items()), dtype=np.int64).reshape(-1, 2)
        pairs = [(one, name) for one, names in self.written_for.items() for name in sorted(names)]
        state["written_for.ids"] = np.array([one for one, _ in pairs], dtype=np.int64)
        state["written_for.names"] = np.array([name for _, name in pairs], dtype=np.str_)
        return {**state, "documents": np.array(list(self.documents), dtype=np.str_), "seen": np.array(self.seen)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Hold what `state` says and nothing else."""
        for name, part in self.parts():
            part.restore(_within(state, f"{name}."))
        for name in NUMBERS:
            setattr(self, name, SmallNumbers(state[name]))
        self.leads = dict(state["leads"].tolist())
        self.written_for = {}
        for one, name in zip(state["written_for.ids"].tolist(), state["written_for.names"].tolist(), strict=True):
            self.written_for[one] = self.written_for.get(one, frozenset()) | {name}
        self.documents = {title: number for number, title in enumerate(state["documents"].tolist(), start=1)}
        self.seen = int(state["seen"])

    @property
    def led(self) -> Leads:
        return Leads(self.lead_words, self.lead_vectors, self.leads)

    def shelf(self, lexical: LexicalIndex, vectors: VectorIndex) -> Shelf:
        led = self.led if self.leads else None
        return Shelf(
            self.kind,
            lexical,
            vectors,
            self.pairs,
            led,
            groups=self.groups,
            days=self.days,
            votes=self.votes,
            written_for=self.written_for,
        )


class IndexCache:
    """What a process keeps in memory of the tables. `follow` brings it up to date; searches hold `lock`."""

    def __init__(self, *, dimension: int, model: str, with_vectors: bool) -> None:
        self.model = model
        self.with_vectors = with_vectors
        self.lock = threading.RLock()
        self.following = threading.Lock()  # one thread follows at a time, so that no older row overwrites a newer one
        self.kinds = {
            kind: KindIndex(kind, dimension, FaissIndex(dimension) if with_vectors else None) for kind in KINDS
        }
        self.seen_embeddings = 0
        self.seen_rebuild = 0
        self.seen_options = -1
        self.seen_models = 0
        self.thresholds = (1.0, 1.0)
        """From which probability a suggestion is called likely, and possible, as staff chose; read by `follow`."""
        self.searched = ""
        """The name of the model whose vectors are complete; read by `follow`."""

    def follow(self, db: Session, *, in_request: bool = True) -> int:
        """Read what changed since the last time: one small query when nothing did. How many changes there were.

        A request that finds very much new leaves it to a thread and goes on with what is there.
        """
        heads = {name: value for name, value in db.execute(HEADS)}  # noqa: C416 - rows, not pairs
        self.seen_models = heads.get(MODELS, 0)
        if heads.get(options.SEQUENCE, 0) != self.seen_options:
            self.thresholds, self.seen_options = thresholds(db), heads.get(options.SEQUENCE, 0)
            self.searched = str(options.read(db, "encoder"))
        behind = self._behind(heads)
        if behind == 0:
            return 0
        if in_request and behind > FAR:
            threading.Thread(target=self._catch_up, name="index", daemon=True).start()
        elif self.following.acquire(blocking=not in_request):  # else another thread reads it this very moment
            try:
                self._read(db, heads)
            finally:
                self.following.release()
        return behind

    def _behind(self, heads: Mapping[str, int]) -> int:
        """How many numbers were given since the last time; a rebuild counts as one."""
        words = sum(max(heads.get(kind, 0) - index.seen, 0) for kind, index in self.kinds.items())
        vectors = max(heads.get(EMBEDDING, 0) - self.seen_embeddings, 0) if self.model else 0
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
        if self.model and heads.get(EMBEDDING, 0) > self.seen_embeddings:
            self._follow_vectors(db)
            self.seen_embeddings = max(self.seen_embeddings, heads[EMBEDDING])

    def state(self) -> dict[str, Any]:
        """Everything as arrays, by the names of what they belong to."""
        with self.lock:
            state = {f"{kind}/{key}": one for kind, index in self.kinds.items() for key, one in index.state().items()}
        return {**state, "embeddings": np.array(self.seen_embeddings), "rebuild": np.array(self.seen_rebuild)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Hold what `state` says and nothing else."""
        with self.lock:
            for kind, index in self.kinds.items():
                index.restore(_within(state, f"{kind}/"))
        self.seen_embeddings, self.seen_rebuild = int(state["embeddings"]), int(state["rebuild"])

    def corrected(self, text: str, is_word: Callable[[str], bool]) -> str:
        """`text` without typing errors in words that no item has; see `mending.corrected`.

        By what everybody may know to be there: a word of somebody's ticket neither explains nor excuses another's.
        """
        with self.lock:
            open_to_all = [index.lexical for kind, index in self.kinds.items() if kind != "ticket"]
            return corrected(text, open_to_all, is_word)

    def shelves(self, kinds: Iterable[str]) -> list[Shelf]:
        """The shelves of an in-process search."""
        chosen = [self.kinds[kind] for kind in kinds]
        return [one.shelf(one.lexical, one.vectors) for one in chosen if one.vectors is not None]

    def _start_again(self, rebuild: int) -> None:
        with self.lock:
            for index in self.kinds.values():
                index.start_again()
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
            own = (Embedding.model == self.model) & (Embedding.seq > self.seen_embeddings)
            changed = select(*VECTORS).where(own).order_by(Embedding.seq)
            if not self.with_vectors:  # the database searches the others itself
                changed = changed.where(Embedding.part >= LEADS)
            rows = db.execute(changed.limit(BATCH)).all()
            with self.lock:
                for kind, index in self.kinds.items():
                    index.take_vectors([row for row in rows if row.kind == kind])
            self.seen_embeddings = max([self.seen_embeddings, *(row.seq for row in rows)])
            if len(rows) < BATCH:
                return


def _within(state: Mapping[str, Any], start: str) -> dict[str, Any]:
    """What belongs to the part whose names begin with `start`, without that."""
    return {name.removeprefix(start): one for name, one in state.items() if name.startswith(start)}


def thresholds(db: Session) -> tuple[float, float]:
    """From which probability a suggestion is called likely, and possible."""
    chosen = options.several(db, "likely", "possible")
    return float(chosen["likely"]), float(chosen["possible"])
