"""The questions that people judged, each with the items that answered it and those that did not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.nlp.lessons import Item
from helpdesk.nlp.suggest import LEADS
from helpdesk.triage.columns import Floats
from helpdesk.triage.models import Embedding, Judgement, SearchText


@dataclass(frozen=True, slots=True)
class Judged:
    """One question, however often it was asked in these words, since the first time."""

    query: str
    at: datetime
    right: frozenset[Item]
    wrong: frozenset[Item]

    def answered_by(self, kinds: Iterable[str]) -> frozenset[Item]:
        return frozenset(item for item in self.right if item[0] in kinds)


def judged(db: Session, limit: int) -> list[Judged]:
    """Questions of the newest `limit` judgements about items that are still there, the oldest first.

    An item that answered somebody is right, whoever passed it over.
    """
    is_there = (SearchText.kind == Judgement.kind) & (SearchText.object_id == Judgement.object_id)
    rows = db.execute(
        select(Judgement.query, Judgement.kind, Judgement.object_id, Judgement.is_right, Judgement.at)
        .join(SearchText, is_there & SearchText.is_deleted.is_(False))
        .order_by(Judgement.at.desc(), Judgement.id.desc())
        .limit(limit)
    ).all()
    first: dict[str, datetime] = {}
    right: dict[str, set[Item]] = {}
    wrong: dict[str, set[Item]] = {}
    for row in reversed(rows):
        first.setdefault(row.query, row.at)
        (right if row.is_right else wrong).setdefault(row.query, set()).add((row.kind, row.object_id))
    return [
        Judged(query, at, frozenset(right.get(query, ())), frozenset(wrong.get(query, set()) - right.get(query, set())))
        for query, at in first.items()
    ]


def lead_vectors(db: Session, model: str) -> dict[str, Floats]:
    """The vectors, by the text's digest, of questions that are indexed beside what they led to."""
    rows = db.execute(
        select(Embedding.digest, Embedding.vector).where(
            Embedding.part >= LEADS, Embedding.model == model, Embedding.vector.is_not(None)
        )
    )
    return {digest: vector for digest, vector in rows if vector is not None}


def passage_vectors(db: Session, model: str, kinds: Iterable[str]) -> list[tuple[Item, Floats]]:
    """The vector of the first text of every item of `kinds`."""
    rows = db.execute(
        select(Embedding.kind, Embedding.object_id, Embedding.vector)
        .where(Embedding.kind.in_(list(kinds)), Embedding.part == 0)
        .where(Embedding.model == model, Embedding.vector.is_not(None))
        .order_by(Embedding.kind, Embedding.object_id)
    )
    return [((kind, object_id), vector) for kind, object_id, vector in rows if vector is not None]
