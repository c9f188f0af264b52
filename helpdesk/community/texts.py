"""Questions as the indexes read them, and as suggestions and search results show them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.community.enums import State
from helpdesk.community.models import Answer, Question
from helpdesk.community.queries import KIND, in_order, is_readable, visible
from helpdesk.kernel.plain import opening, plain
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import Card, Document, Source

BATCH = 500  # questions read at a time for the indexes
OPENING = 300  # characters of the body that are embedded with the title
ANSWERS_LENGTH = 4_000  # characters of all answers together: the first ones hold what people look for


def documents(db: Session, *, after_seq: int = 0, ids: Sequence[int] | None = None) -> Iterator[Document]:
    """What indexes read of questions and their answers; hidden questions leave the indexes."""
    wanted = select(Question).order_by(Question.seq, Question.id)
    wanted = wanted.where(Question.seq > after_seq) if ids is None else wanted.where(Question.id.in_(ids))
    for batch in db.scalars(wanted).partitions(BATCH):
        answers = _answers(db, [question.id for question in batch])
        yield from (document(question, answers[question.id]) for question in batch)


def _answers(db: Session, question_ids: Sequence[int]) -> dict[int, list[Answer]]:
    """What readers see of the answers, by question."""
    wanted = select(Answer).where(Answer.question_id.in_(question_ids), Answer.is_hidden.is_(False))
    found: defaultdict[int, list[Answer]] = defaultdict(list)
    for answer in db.scalars(wanted):
        found[answer.question_id].append(answer)
    return found


def document(question: Question, answers: Collection[Answer]) -> Document:
    """One question and its answers, the most useful of them first."""
    body = plain(question.body, question.body_format)
    ordered = in_order(answers, question.accepted_answer_id)
    answered = "\n".join(plain(answer.body, answer.body_format) for answer in ordered)
    return Document(
        kind=KIND,
        id=question.id,
        seq=question.seq,
        title=question.title,
        body=f"{body}\n{answered[:ANSWERS_LENGTH]}".strip(),
        texts=(question.title, f"{question.title}\n{opening(body, OPENING)}"),
        topic=question.topic,
        created_at=question.created_at,
        votes=question.score,
        is_solved=question.is_solved,
        is_official=question.has_official,
        is_deleted=question.state is State.HIDDEN,
    )


def cards(db: Session, actor: Actor, ids: Sequence[int]) -> list[Card]:
    """Questions that `actor` may read, in the order of `ids`."""
    wanted = select(Question).where(Question.id.in_(ids), is_readable(actor))
    found = {question.id: question for question in db.scalars(wanted)}
    return [_card(found[question_id]) for question_id in dict.fromkeys(ids) if question_id in found]


def _card(question: Question) -> Card:
    return Card(
        kind=KIND,
        id=question.id,
        title=question.title,
        url=question.path,
        excerpt=opening(plain(question.body, question.body_format)),
        facts={
            "votes": question.score,
            "answers": question.answer_count,
            "is_solved": question.is_solved,
            "is_official": question.has_official,
            "is_public": question.is_public,
            "status": str(question.state),
            "topic": question.topic,
            "date": question.created_at,
        },
    )


SOURCE = Source(KIND, documents, visible, cards, Question)
