"""A large site to be measured: many clauses and questions made from few texts, written straight into the tables."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from helpdesk.accounts.models import User
from helpdesk.community.models import Question
from helpdesk.kernel import clock
from helpdesk.kernel.models import SequenceRow
from helpdesk.kernel.policy import Role
from helpdesk.nlp.encoder import Encoder, Vectors, digest, unit
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.models import Clause, Document, DocumentVersion
from helpdesk.triage.models import EMBEDDING, KINDS, VECTOR_INDEX_DDL_POSTGRESQL, Embedding, IndexState, SearchText

FILLED = ("clause", "question")
SEED = 0
BATCH = 5_000  # items written at a time
CLAUSES = 500  # of one document
CHANGED = 0.3  # share of a copy's words that are taken from other texts
NOISE = 0.6  # length of what is added to a copy's vector, whose own length is one
TITLE_WORDS = 12  # of a question
DAYS, VOTES = 1_000, 10  # over which questions are spread, and below which their votes lie
GRAPH_MEMORY = "4GB"  # for PostgreSQL to make a graph in; one that does not fit is made many times more slowly

Progress = Callable[[int], object]


@dataclass(frozen=True)
class Stock:
    """Texts and their vectors, float32, shape (n, d); the model that made them."""

    texts: Sequence[str]
    vectors: Vectors
    model: str

    @classmethod
    def of(cls, texts: Sequence[str], encoder: Encoder) -> "Stock":
        return cls(texts, encoder.encode(texts), encoder.name)


def fill(db: Session, stock: Stock, count: int, progress: Progress) -> User:
    """Write `count` items, clauses and questions in turn, each text once and then in noisy copies; and one member."""
    member = User(name="A member", email="member@signpost.example", role=Role.MEMBER)
    db.add(member)
    documents = -(-count // (2 * CLAUSES))
    titles = [{"slug": f"d{at}", "title": f"Document {at}", "kind": DocumentKind.RULEBOOK} for at in range(documents)]
    db.execute(insert(Document), [{"id": at + 1, **one} for at, one in enumerate(titles)])
    versions = [{"id": at + 1, "document_id": at + 1, "label": "Current"} for at in range(documents)]
    db.execute(insert(DocumentVersion), [{**one, "in_force_from": date(2026, 1, 1)} for one in versions])
    vectors, is_postgresql = 0, db.get_bind().dialect.name == "postgresql"
    if is_postgresql:  # A graph that is made of all rows at once takes a fraction of the time that row by row does.
        for kind in KINDS:
            db.execute(text(f"DROP INDEX ix_embeddings_vector_{kind}"))
    for kind, table, made in zip(FILLED, (Clause, Question), (_clauses, _questions), strict=True):
        for rows in made(stock, count // 2, vectors):
            for model, values in zip((table, SearchText, Embedding), rows, strict=True):
                db.execute(insert(model), values)
            vectors += len(rows[2])
            progress(len(rows[0]))
        db.add_all([SequenceRow(name=kind, value=count // 2), IndexState(kind=kind, seq=count // 2, model=stock.model)])
    db.add(SequenceRow(name=EMBEDDING, value=vectors))
    if is_postgresql:
        db.execute(text(f"SET LOCAL maintenance_work_mem = '{GRAPH_MEMORY}'"))
        for statement in VECTOR_INDEX_DDL_POSTGRESQL:
            db.execute(text(statement))
        # Without figures of its tables it reads them whole and walks no graph; autovacuum takes them within a minute.
        db.execute(text("ANALYZE"))
        # It counts ids by itself, and does not see those that were given.
        for name in ("clauses", "questions"):
            db.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {count // 2})"))
    return member


Rows = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]


def _clauses(stock: Stock, count: int, before: int) -> Iterator[Rows]:
    for ids, texts, vectors in _batches(stock, count, SEED):
        places = [(at, (at - 1) // CLAUSES + 1, f"{(at - 1) % CLAUSES + 1}") for at in ids]
        items = [
            {"id": at, "version_id": version, "number": number, "address": number, "source_id": number}
            | {"text": text, "position": at, "seq": at}
            for (at, version, number), text in zip(places, texts, strict=True)
        ]
        words = [
            {"kind": "clause", "object_id": at, "seq": at, "title": number, "body": text, "wordings": []}
            | {"heading_path": f"Document {version - 1}", "reference": number}
            for (at, version, number), text in zip(places, texts, strict=True)
        ]
        parts = [("clause", at, 0, text, row) for at, text, row in zip(ids, texts, vectors, strict=True)]
        yield items, words, _embeddings(parts, before + ids[0], stock.model)


def _questions(stock: Stock, count: int, before: int) -> Iterator[Rows]:
    now = clock.now()
    for ids, texts, vectors in _batches(stock, count, SEED + 1):
        split = [(" ".join(text.split()[:TITLE_WORDS])[:200], text) for text in texts]
        items = [
            {"id": at, "title": title, "body": body, "is_public": True, "seq": at}
            for at, (title, body) in zip(ids, split, strict=True)
        ]
        words = [
            {"kind": "question", "object_id": at, "seq": at, "title": title, "body": body}
            | {"wordings": [f"{title}\n{body[:300]}"]}
            | {"created_at": now - timedelta(days=at % DAYS), "votes": at % VOTES}
            for at, (title, body) in zip(ids, split, strict=True)
        ]
        parts = [
            ("question", at, part, text, row)
            for at, one, row in zip(ids, split, vectors, strict=True)
            for part, text in enumerate(one)
        ]
        yield items, words, _embeddings(parts, before + 2 * ids[0] - 1, stock.model)


def _embeddings(parts: Sequence[tuple[str, int, int, str, Vectors]], first: int, model: str) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "object_id": at, "part": part, "seq": number}
        | {"digest": digest(text), "model": model, "vector": row}
        for number, (kind, at, part, text, row) in enumerate(parts, start=first)
    ]


def _batches(stock: Stock, count: int, seed: int) -> Iterator[tuple[range, list[str], Vectors]]:
    """Ids from 1, texts and vectors: each of the stock's as it is, then copies of them in turn."""
    chance, generator = random.Random(seed), np.random.default_rng(seed)  # noqa: S311 - copies, not secrets
    pool = [word for text in stock.texts for word in text.split()]
    for start in range(0, count, BATCH):
        ids = range(start, min(start + BATCH, count))
        rows = np.array(ids) % len(stock.texts)
        texts = [stock.texts[at] for at in rows]
        vectors = stock.vectors[rows]
        if start + BATCH > len(stock.texts):
            is_copy = np.array(ids) >= len(stock.texts)
            texts = [_copy(text, pool, chance) if new else text for text, new in zip(texts, is_copy, strict=True)]
            noise = unit(generator.standard_normal(vectors.shape, dtype=np.float32)) * np.float32(NOISE)
            noise[~is_copy] = 0
            vectors = unit(vectors + noise)
        yield range(ids.start + 1, ids.stop + 1), texts, vectors


def _copy(text: str, pool: Sequence[str], chance: random.Random) -> str:
    """`text` with some of its words taken from others, so that copies have words as rare as real texts have."""
    draw, size = chance.random, len(pool)
    return " ".join(pool[int(draw() * size)] if draw() < CHANGED else word for word in text.split())
