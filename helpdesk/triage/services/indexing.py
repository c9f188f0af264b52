"""Keeps search texts and embeddings in step with the items they were made from."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session

from helpdesk.kernel import clock, jobs, options, sequences, sources
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.sources import Document
from helpdesk.nlp.encoder import Encoder, digest
from helpdesk.nlp.suggest import LEADS
from helpdesk.nlp.words import terms
from helpdesk.triage.columns import Floats
from helpdesk.triage.enums import Origin
from helpdesk.triage.models import EMBEDDING, REBUILD, Embedding, IndexState, Judgement, SearchText
from helpdesk.triage.queries.state import index_states, unknown

log = structlog.get_logger()

MAX_PARTS = 1024  # wordings of one item that are indexed; keys have room for twice as many
COMMUNITY = (Origin.CITED, Origin.MERGED)  # origins whose words stand in community questions
FEWEST_OWNERS = 2  # organisations that an item must have answered before their own words lead to it
MAX_LEADS = 200  # questions that an item answered; later ones say nothing new
EMBED_BATCH = 128  # items embedded between two commits: what an interruption can lose
REFRESH_BATCH = 500  # items whose search texts are written in one transaction
FORGET_BATCH = 2_000  # vectors deleted in one transaction, since writers wait for it
MAX_BODY_TERMS = 20_000  # of one item; a longer one is an attached log
TITLE_LENGTH = 500
REFERENCE_LENGTH = 220

Progress = Callable[[int], object]


def refresh(db: Session, kind: str, ids: Sequence[int]) -> None:
    """Write the search texts of the named items, in the caller's transaction, and ask for their embeddings."""
    db.flush()
    documents = {document.id: document for document in sources.source(kind).documents(db, ids=ids)}
    rows = _rows(db, kind, ids)
    leads = leads_of(db, kind, ids)
    for object_id in dict.fromkeys(ids):
        document = documents.get(object_id)
        row = rows.get(object_id)
        if document is None and row is None:
            continue
        if row is None:
            row = SearchText(kind=kind, object_id=object_id)
            db.add(row)
        if document is None or document.is_deleted:
            _empty(row, document.seq if document else sequences.take(db, kind))
        else:
            _fill(row, document, leads.get(object_id, []))
    db.flush()
    jobs.enqueue(db, "triage.index", key=f"triage.index:{kind}", kind=kind)


def _rows(db: Session, kind: str, ids: Sequence[int]) -> dict[int, SearchText]:
    return {row.object_id: row for row in db.scalars(_of(kind, ids).order_by(SearchText.id).with_for_update())}


def _of(kind: str, ids: Iterable[int]) -> Select[SearchText]:
    return select(SearchText).where(SearchText.kind == kind, SearchText.object_id.in_(list(ids)))


def lead(db: Session, kind: str, ids: Iterable[int]) -> None:
    """Bring the questions that led to the named items to what judgements say, and let every index follow."""
    # Locked before judgements are read: of two that come at once, the later one then sees the earlier one's.
    locked = _of(kind, ids).order_by(SearchText.id).with_for_update().execution_options(populate_existing=True)
    found = {row.object_id: row for row in db.scalars(locked) if not row.is_deleted}
    leads = leads_of(db, kind, found)
    changed = [row for row in found.values() if row.leads != leads.get(row.object_id, [])]
    if not changed:
        return
    for seq, row in enumerate(changed, start=sequences.take(db, kind, len(changed))):
        row.seq, row.leads = seq, leads.get(row.object_id, [])
    jobs.enqueue(db, "triage.index", key=f"triage.index:{kind}", kind=kind)


def leads_of(db: Session, kind: str, ids: Iterable[int]) -> dict[int, list[str]]:
    """The questions that each item answered, the first ones first, each once: parts keep their numbers."""
    rows = db.execute(
        select(Judgement.object_id, Judgement.query, Judgement.origin, Judgement.organisation_id)
        .where(Judgement.kind == kind, Judgement.object_id.in_(list(ids)), Judgement.is_right)
        .order_by(Judgement.at, Judgement.id)
    ).all()
    owners: dict[int, set[int]] = {}
    for row in rows:
        if row.organisation_id is not None:
            owners.setdefault(row.object_id, set()).add(row.organisation_id)
    found: dict[int, dict[str, None]] = {}
    for row in rows:
        is_private = row.origin not in COMMUNITY
        # What one organisation alone was led to would tell others, who guess its words, that it asked.
        if is_private and (row.organisation_id is None or len(owners.get(row.object_id, ())) < FEWEST_OWNERS):
            continue
        found.setdefault(row.object_id, {}).setdefault(row.query)
    return {object_id: list(queries)[:MAX_LEADS] for object_id, queries in found.items()}


def _fill(row: SearchText, document: Document, leads: list[str]) -> None:
    title, reference = document.title[:TITLE_LENGTH], document.reference[:REFERENCE_LENGTH]
    row.seq, row.title, row.body, row.reference = document.seq, title, document.body, reference
    row.heading_path, row.topic = document.heading_path, document.topic[:60]
    row.organisation_id, row.created_at = document.organisation_id, document.created_at
    row.categories = list(document.categories)
    row.votes, row.is_solved, row.is_official = document.votes, document.is_solved, document.is_official
    row.is_deleted = False
    row.wordings, row.leads = list(document.texts[1:MAX_PARTS]), leads
    row.terms = (terms(f"{reference} {title}"), terms("\n".join([*row.wordings, document.body]))[:MAX_BODY_TERMS])


def _empty(row: SearchText, seq: int) -> None:
    """Keep the row as a sign for caches that the item is gone, without a word of its text."""
    row.seq, row.is_deleted = seq, True
    row.title = row.body = row.reference = row.heading_path = row.topic = ""
    row.wordings, row.leads, row.categories = [], [], []
    row.terms = ((), ())


def embed_pending(kind: str, encoder: Encoder, progress: Progress | None = None, *, until: float = math.inf) -> int:
    """Embed every item of `kind` that changed since the last time; how many items were looked at.

    Each batch commits by itself: an interrupted run goes on where it stopped. None begins once `time.monotonic()` is
    past `until`.
    """
    done = 0
    while time.monotonic() < until:
        with reading() as db:
            after = _start(db, kind, encoder.name)
            ids, last = _next(db, kind, after)
            documents = list(sources.source(kind).documents(db, ids=ids)) if ids else []
            leads = leads_of(db, kind, ids)
            known = _embeddings(db, kind, ids, encoder.name)
        if not ids:
            return done
        changed = _encode_changed(documents, leads, known, encoder)
        with unit_of_work() as db:
            _store(db, kind, encoder.name, _Step(after, last), changed)
        done += len(ids)
        if progress:
            progress(len(ids))
    return done


def _next(db: Session, kind: str, after: int) -> tuple[list[int], int]:
    """Ids of about a batch of items in the order of their numbers, and the last number; equal ones stay together."""
    changed = select(SearchText.seq).where(SearchText.kind == kind, SearchText.seq > after)
    last = max(db.scalars(changed.order_by(SearchText.seq).limit(EMBED_BATCH)), default=after)
    ids = select(SearchText.object_id).where(SearchText.kind == kind, SearchText.seq > after, SearchText.seq <= last)
    return list(db.scalars(ids.order_by(SearchText.seq, SearchText.id))), last


def _start(db: Session, kind: str, model: str) -> int:
    """The sequence number to go on after; another encoder starts from the beginning."""
    state = db.get(IndexState, (kind, model))
    return state.seq if state is not None else 0


def _embeddings(db: Session, kind: str, ids: Sequence[int], model: str) -> dict[tuple[int, int], str]:
    """Digest of each stored part that has a vector by `model`."""
    rows = db.execute(
        select(Embedding.object_id, Embedding.part, Embedding.digest).where(
            Embedding.kind == kind,
            Embedding.object_id.in_(ids),
            Embedding.model == model,
            Embedding.vector.is_not(None),
        )
    )
    return {(object_id, part): text_digest for object_id, part, text_digest in rows}


@dataclass(frozen=True, slots=True)
class _Part:
    """One wording of one item that has to be stored; no vector means that it is gone."""

    object_id: int
    part: int
    digest: str
    vector: Floats | None


def _encode_changed(
    batch: Iterable[Document],
    leads: Mapping[int, Sequence[str]],
    known: Mapping[tuple[int, int], str],
    encoder: Encoder,
) -> list[_Part]:
    """The parts that differ from what is stored, with the vectors of new texts."""
    wanted = {
        (document.id, part): text for document in batch for part, text in _parts(document, leads.get(document.id, ()))
    }
    new = {where: (text, digest(text)) for where, text in wanted.items() if known.get(where) != digest(text)}
    vectors = encoder.encode([text for text, _ in new.values()]) if new else ()
    changed = [
        _Part(object_id, part, text_digest, vector)
        for ((object_id, part), (_, text_digest)), vector in zip(new.items(), vectors, strict=True)
    ]
    gone = [_Part(object_id, part, "", None) for object_id, part in known if (object_id, part) not in wanted]
    return changed + gone


def _parts(document: Document, leads: Sequence[str]) -> Iterator[tuple[int, str]]:
    if document.is_deleted:
        return
    yield from enumerate(text for text in document.texts[:MAX_PARTS] if text.strip())
    yield from enumerate(leads, start=LEADS)


@dataclass(frozen=True, slots=True)
class _Step:
    """From which number to which one a batch moves the state."""

    after: int
    last: int


def _store(db: Session, kind: str, model: str, step: _Step, parts: Sequence[_Part]) -> None:
    """Write the parts and move the state on, unless another process did so in the meantime."""
    state = db.get(IndexState, (kind, model), with_for_update=True)
    if state is None:
        state = IndexState(kind=kind, model=model, seq=0)
        db.add(state)
    elif state.seq != step.after:
        return
    if parts:
        seq = sequences.take(db, EMBEDDING, len(parts))
        ids = {part.object_id for part in parts}
        own = (Embedding.kind == kind) & (Embedding.model == model)
        found = db.scalars(select(Embedding).where(own, Embedding.object_id.in_(ids)))
        rows = {(row.object_id, row.part): row for row in found}
        for number, part in enumerate(parts, start=seq):
            row = rows.get((part.object_id, part.part))
            if row is None:
                row = Embedding(kind=kind, object_id=part.object_id, part=part.part, model=model)
                db.add(row)
            row.seq, row.digest, row.vector = number, part.digest, part.vector
    state.seq, state.updated_at = step.last, clock.now()


def rebuild(kinds: Iterable[str], encoder: Encoder, progress: Callable[[str, int], object] | None = None) -> None:
    """Remake search texts and embeddings from the items. Texts whose vector is known are not embedded again."""
    for kind in kinds:
        with reading() as db:
            ids = [document.id for document in sources.source(kind).documents(db)]
        for start in range(0, len(ids), REFRESH_BATCH):
            batch = ids[start : start + REFRESH_BATCH]
            with unit_of_work() as db:
                refresh(db, kind, batch)
            if progress:
                progress(f"{kind}: words", len(batch))
        with unit_of_work() as db:
            _forget_gone(db, kind)
            db.execute(update(IndexState).where(IndexState.kind == kind).values(seq=0))
            sequences.take(db, REBUILD)
        embed_pending(kind, encoder, partial(progress, f"{kind}: meaning") if progress else None)


def mend(kind: str) -> int:
    """Write the search texts that are lost, or of items that changed without an event; how many there were."""
    with reading() as db:
        ids = list(db.scalars(unknown(sources.source(kind))))
    for start in range(0, len(ids), REFRESH_BATCH):
        batch = ids[start : start + REFRESH_BATCH]
        with unit_of_work() as db:
            # Vectors and caches may have gone past the items' own numbers. Taken first, so that none changes meanwhile.
            first = sequences.take(db, kind, len(batch))
            refresh(db, kind, batch)
            for seq, row in enumerate(_rows(db, kind, batch).values(), start=first):
                row.seq = seq
    return len(ids)


def settle(model: str) -> bool:
    """Let the vectors by `model` be searched if they are complete; the others go once no process needs them."""
    with unit_of_work() as db:
        if options.read(db, "encoder") != model:
            if any(state.behind for state in index_states(db, model)):
                return False
            options.write(db, "encoder", model)
            return True
    while True:  # at the next run: by now every process has turned to the new ones
        with unit_of_work() as db:
            old = list(db.scalars(select(Embedding.id).where(Embedding.model != model).limit(FORGET_BATCH)))
            db.execute(delete(Embedding).where(Embedding.id.in_(old)))
            if not old:
                db.execute(delete(IndexState).where(IndexState.model != model))
                return True


def _forget_gone(db: Session, kind: str) -> None:
    """Rows of items that no longer exist, which no event told of."""
    is_there = exists().where(sources.source(kind).model.id == SearchText.object_id)
    gone = list(db.scalars(select(SearchText.object_id).where(SearchText.kind == kind, ~is_there)))
    for start in range(0, len(gone), REFRESH_BATCH):
        ids = gone[start : start + REFRESH_BATCH]
        db.execute(delete(SearchText).where(SearchText.kind == kind, SearchText.object_id.in_(ids)))
        db.execute(delete(Embedding).where(Embedding.kind == kind, Embedding.object_id.in_(ids)))
