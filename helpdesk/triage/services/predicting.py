"""Topic, priority and queue of new tickets: predicted with a probability and reasons, or “not sure”."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.kernel import sources
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.manifest import ArtefactError
from helpdesk.nlp.topics import Prediction, TopicClassifier
from helpdesk.tickets import services as tickets
from helpdesk.tickets.events import TicketCorrected
from helpdesk.tickets.models import UNSOLVED, Queue, Ticket, Topic
from helpdesk.triage.columns import Floats
from helpdesk.triage.engine import Engine, check_encoder
from helpdesk.triage.models import Correction, Embedding, PredictionRow, SearchText
from helpdesk.triage.services.models import champion

log = structlog.get_logger()

TOPIC, PRIORITY = "topic", "priority"
SURE = 0.5  # probability of the first topic below which staff are told “not sure”
BATCH = 100  # tickets predicted in one transaction
TEXT_CHARACTERS = 2_000  # of subject and messages together, for their words
PART = 1  # the wording whose vector is used: the subject with the first sentences


def text_of(title: str, body: str) -> str:
    """What is predicted from, the same when learning and when predicting."""
    return f"{title}\n{body}"[:TEXT_CHARACTERS]


def unpredicted(db: Session, limit: int = BATCH) -> list[int]:
    """Ids of unsolved tickets that no model has looked at, oldest first; those in restricted queues are left out."""
    return list(db.scalars(_unpredicted().order_by(Ticket.id).limit(limit)))


def _unpredicted() -> Select[int]:
    has_prediction = exists().where(PredictionRow.ticket_id == Ticket.id)
    return select(Ticket.id).join(Queue).where(UNSOLVED, ~has_prediction, ~Queue.is_restricted)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the models in use say of one ticket."""

    ticket_id: int
    model: str
    topic: Prediction
    details: dict[str, Any]


def foresee(db: Session, using: Engine, ids: Sequence[int]) -> list[Foreseen]:
    """What the models in use say of tickets; nothing when none is in use. Only reads: a text takes time to encode."""
    chosen = model_in_use(db, using, TOPIC)
    if chosen is None or using.encoder is None or not ids:
        return []
    name, classifier = chosen
    documents = [one for one in sources.source("ticket").documents(db, ids=list(ids)) if not one.is_deleted]
    texts = [text_of(one.title, one.body) for one in documents]
    vectors = using.encoder.encode([one.texts[PART] for one in documents])
    topics = {topic.slug: topic for topic in db.scalars(select(Topic).options(joinedload(Topic.queue)))}
    priorities = _priorities(db, using, texts, vectors)
    return [
        Foreseen(document.id, name, topic, _details(topic, priority, topics, name))
        for document, topic, priority in zip(documents, classifier.predict(texts, vectors), priorities, strict=True)
    ]


def keep(db: Session, foreseen: Sequence[Foreseen]) -> int:
    """Hand to each ticket what was foreseen, unless that is settled or secret by now; how many were looked at."""
    waiting = set(db.scalars(_unpredicted().where(Ticket.id.in_([one.ticket_id for one in foreseen]))))
    for one in foreseen:
        if one.ticket_id not in waiting:
            continue
        tickets.apply_prediction(db, one.ticket_id, one.details)
        db.add(
            PredictionRow(
                ticket_id=one.ticket_id,
                model=one.model,
                topic=one.topic.label,
                probability=one.topic.probability,
                is_unsure=one.details["is_unsure"],
                details=one.details,
            )
        )
    return len(foreseen)


def model_in_use(db: Session, using: Engine, what: str) -> tuple[str, TopicClassifier] | None:
    """Name and classifier of the champion, loaded once a process.

    None if there is none, or none that can be read and learned with the vectors of the encoder in use.
    """
    row = champion(db, what)
    if row is None:
        return None
    folder = Path(row.folder)
    if folder not in using.classifiers:
        try:
            check_encoder(folder, using.model)
            using.classifiers[folder] = TopicClassifier.load(folder)
        except ArtefactError as err:
            log.warning("model_left_out", what=what, problem=str(err))
            return None
    return row.name, using.classifiers[folder]


def _priorities(db: Session, using: Engine, texts: Sequence[str], vectors: Vectors) -> Sequence[Prediction | None]:
    chosen = model_in_use(db, using, PRIORITY)
    return chosen[1].predict(texts, vectors) if chosen else [None] * len(texts)


def _details(topic: Prediction, priority: Prediction | None, topics: dict[str, Topic], model: str) -> dict[str, Any]:
    """What a ticket keeps: the queue follows the topic, the priority its own model or the topic's usual one."""
    known = topics.get(topic.label)
    usual = str(known.default_priority) if known else "normal"
    priority_slug = priority.label if priority else usual
    is_unsure = topic.is_unknown or topic.probability < SURE or known is None
    return {
        "topic": {
            "slug": topic.label,
            "name": known.name if known else topic.label,
            "probability": round(topic.probability, 4),
        },
        "priority": {
            "slug": priority_slug,
            "name": priority_slug.capitalize(),
            "probability": round(priority.probability if priority else topic.probability, 4),
        },
        "queue": {
            "slug": known.queue.slug if known else "",
            "name": known.queue.name if known else "",
            "probability": round(_queue_probability(topic, known, topics), 4),
        },
        "reasons": [_with_names(reason, topics) for reason in topic.reasons[:3]],
        "is_unsure": is_unsure,
        "model": model,
    }


def _queue_probability(topic: Prediction, known: Topic | None, topics: dict[str, Topic]) -> float:
    """Several topics may lead to one team: their probabilities add up."""
    same = [
        probability
        for label, probability in topic.top3
        if known is not None and label in topics and topics[label].queue_id == known.queue_id
    ]
    return min(sum(same), 1.0) if same else topic.probability


def _with_names(reason: str, topics: dict[str, Topic]) -> str:
    """Reasons name topics as staff know them, not by their slug."""
    for slug in sorted(topics, key=len, reverse=True):
        reason = reason.replace(f"next topic, {slug},", f"next topic, {topics[slug].name},")
    return reason


def keep_correction(db: Session, event: TicketCorrected) -> None:
    """Store what an agent changed, as a row to learn from; the text is the ticket's, and goes with it."""
    db.add(Correction(ticket_id=event.ticket_id, field=event.field, old=event.old, new=event.new, by_id=event.by_id))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A ticket whose topic people settled, or that none fits."""

    text: str
    wording: str
    """What the vector is of."""
    vector: Floats
    topic: str
    name: str
    """Of the topic, as people see it."""
    priority: str
    opened_at: datetime


def labelled(db: Session, model: str, limit: int) -> list[Labelled]:
    """The newest tickets whose topic is known, oldest first: solved under it, or corrected by an agent."""
    is_solved, is_corrected = Ticket.solved_at.is_not(None), _corrections().exists()
    return _newest(db, model, limit, Ticket.topic_id.is_not(None), is_solved | is_corrected)


def strangers(db: Session, model: str, limit: int) -> list[Labelled]:
    """The newest tickets that fit no topic, oldest first: solved under none after an agent took theirs away."""
    is_solved, is_taken_away = Ticket.solved_at.is_not(None), _corrections().where(Correction.new == "").exists()
    return _newest(db, model, limit, Ticket.topic_id.is_(None), is_solved, is_taken_away)


def _corrections() -> Select[int]:
    """Of a ticket's topic."""
    return select(Correction.id).where(Correction.ticket_id == Ticket.id, Correction.field == TOPIC)


def _newest(db: Session, model: str, limit: int, *wanted: ColumnElement[bool]) -> list[Labelled]:
    rows = db.execute(
        select(SearchText.title, SearchText.body, SearchText.wordings, Embedding.vector)
        .add_columns(Topic.slug, Topic.name, Ticket.priority, Ticket.opened_at)
        .select_from(Ticket)
        .outerjoin(Topic, Topic.id == Ticket.topic_id)
        .join(SearchText, (SearchText.kind == "ticket") & (SearchText.object_id == Ticket.id))
        .join(Embedding, (Embedding.kind == "ticket") & (Embedding.object_id == Ticket.id))
        .where(Embedding.part == PART, Embedding.model == model, Embedding.vector.is_not(None))
        .where(SearchText.is_deleted.is_(False), *wanted)
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(limit)
    ).all()
    return [
        Labelled(
            text_of(row.title, row.body),
            row.wordings[PART - 1],
            row.vector,
            row.slug or "",
            row.name or "",
            str(row.priority),
            row.opened_at,
        )
        for row in reversed(rows)
    ]
