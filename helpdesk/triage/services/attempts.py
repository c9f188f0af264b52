"""Attempts to find an answer: what was offered, opened, confirmed, and what was asked all the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from helpdesk.kernel import clock, jobs
from helpdesk.kernel.policy import Actor
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.words import terms
from helpdesk.triage.enums import Origin, Outcome
from helpdesk.triage.models import Attempt, AttemptItem, SearchText
from helpdesk.triage.queries.words import clean
from helpdesk.triage.services import judging
from helpdesk.triage.services.suggesting import Suggestions

PRESUMED_AFTER = timedelta(hours=24)  # without asking, after something was opened: then it is presumed to have answered
RETURNED_WITHIN = timedelta(days=7)  # asking again about the same this soon means that it had not answered
SAME_SUBJECT = 0.55  # cosine of two texts about one thing; two wordings of one question have 0.7 at the median
SAME_WORDS = 0.5  # share of words, where there is no encoder
TOKEN_LENGTH = 64
EARLIER = 20  # answered attempts of one person that a new one is compared with


def remember(
    db: Session,
    actor: Actor,
    token: str,
    text: str,
    found: Suggestions,
    channel: str = "web",
    at: datetime | None = None,
) -> None:
    """Note what was offered for `text` under the form's `token`; typing on goes on with the same attempt."""
    if not token or len(token) > TOKEN_LENGTH:
        return
    # Two pauses in typing may arrive at once, so the database decides, in one statement for each table.
    insert = _insert(db, Attempt).values({**_new(actor, token, text, channel, at), "is_offered": bool(found.items)})
    attempt_id = db.scalar(
        insert.on_conflict_do_update(
            index_elements=[Attempt.token],
            set_={
                "query": insert.excluded.query,
                "is_offered": or_(Attempt.is_offered, insert.excluded.is_offered),
            },
            where=and_(Attempt.user_id.is_not_distinct_from(actor.id), Attempt.outcome == Outcome.OPEN),
        ).returning(Attempt.id)
    )
    if attempt_id is None or not found.items:  # ended, or somebody else's: left alone
        return
    shown_at = at or clock.now()
    items = _insert(db, AttemptItem).values(
        [
            {
                "attempt_id": attempt_id,
                "kind": item.kind,
                "object_id": item.id,
                "rank": rank,
                "probability": item.probability,
                "last_rank": rank,
                "last_at": shown_at,
            }
            for rank, item in enumerate(found.items, start=1)
        ]
    )
    new, is_better = items.excluded, items.excluded.rank < AttemptItem.rank
    best = {name: case((is_better, new[name]), else_=getattr(AttemptItem, name)) for name in ("rank", "probability")}
    last = {"last_rank": new.last_rank, "last_at": new.last_at}
    key = [AttemptItem.attempt_id, AttemptItem.kind, AttemptItem.object_id]
    db.execute(items.on_conflict_do_update(index_elements=key, set_={**best, **last}))


def _insert(db: Session, model: type[Attempt | AttemptItem]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say ON CONFLICT, in the words of the database at hand."""
    is_postgresql = db.get_bind().dialect.name == "postgresql"
    return postgresql.insert(model) if is_postgresql else sqlite.insert(model)


def _new(actor: Actor, token: str, text: str, channel: str = "web", at: datetime | None = None) -> dict[str, Any]:
    """The values of an attempt that begins."""
    return {
        "token": token,
        "user_id": actor.id,
        "organisation_id": actor.organisation_id,
        "category": actor.category,
        "query": clean(text),
        "topic": "",
        "channel": channel,
        "started_at": at or clock.now(),
        "outcome": Outcome.OPEN,
        "is_offered": False,
        "is_opened": False,
        "confirmed_kind": "",
    }


def _open(db: Session, actor: Actor, token: str, at: datetime) -> Attempt | None:
    """The attempt of `token`, made if there is none; None when it has ended or is somebody else's."""
    if not token or len(token) > TOKEN_LENGTH:
        return None
    attempt = _of(db, token)
    if attempt is None:
        db.execute(_insert(db, Attempt).values(_new(actor, token, "", at=at)).on_conflict_do_nothing())
        attempt = _of(db, token)
    is_ours = attempt is not None and attempt.user_id == actor.id and attempt.outcome == Outcome.OPEN
    return attempt if is_ours else None


def _of(db: Session, token: str) -> Attempt | None:
    """Locked: two pauses in typing may both bring the same item, which is written once."""
    wanted = select(Attempt).where(Attempt.token == token).options(selectinload(Attempt.items))
    return db.scalar(wanted.with_for_update().execution_options(populate_existing=True))


def opened(db: Session, actor: Actor, token: str, kind: str, object_id: int, at: datetime | None = None) -> None:
    """Note that one of the offered items was opened."""
    attempt = _of(db, token)
    if attempt is None or attempt.user_id != actor.id:
        return
    for item in attempt.items:
        if (item.kind, item.object_id) == (kind, object_id):
            item.opened_at = item.opened_at or at or clock.now()
            attempt.is_opened = True


def confirm(db: Session, actor: Actor, token: str, kind: str, object_id: int, at: datetime | None = None) -> None:
    """“This answered me”: the attempt ends well."""
    now = at or clock.now()
    attempt = _open(db, actor, token, now)
    if attempt is None:
        return
    attempt.outcome, attempt.ended_at = Outcome.CONFIRMED, now
    attempt.confirmed_kind, attempt.confirmed_id = kind, object_id
    attempt.is_offered = attempt.is_opened = True
    attempt.topic = _topic(db, kind, object_id)
    for item in attempt.items:
        if (item.kind, item.object_id) == (kind, object_id):
            item.confirmed_at, item.opened_at = now, item.opened_at or now
    judging.judge_attempt(db, attempt)


def finish(
    db: Session,
    actor: Actor,
    token: str,
    *,
    ticket_id: int | None = None,
    question_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """The attempt ends in a ticket or a community question."""
    now = at or clock.now()
    attempt = _open(db, actor, token, now)
    if attempt is None:
        return
    attempt.outcome = Outcome.TICKET if ticket_id is not None else Outcome.QUESTION
    attempt.ended_at, attempt.ticket_id, attempt.question_id = now, ticket_id, question_id
    judging.judge_attempt(db, attempt)
    if actor.id is not None:
        jobs.enqueue(db, "triage.returned", attempt_id=attempt.id)


def presume(db: Session, now: datetime | None = None) -> int:
    """End the attempts that opened something a day ago and asked nothing since; how many."""
    before = (now or clock.now()) - PRESUMED_AFTER
    stale = list(
        db.scalars(
            select(Attempt)
            .where(Attempt.outcome == Outcome.OPEN, Attempt.started_at < before, Attempt.is_opened)
            .options(selectinload(Attempt.items))
        )
    )
    for attempt in stale:
        last = max((item for item in attempt.items if item.opened_at), key=lambda item: str(item.opened_at))
        attempt.outcome, attempt.ended_at = Outcome.PRESUMED, last.opened_at
        attempt.topic = attempt.topic or _topic(db, last.kind, last.object_id)
        judging.judge_attempt(db, attempt)
    return len(stale)


def mark_returned(db: Session, attempt_id: int, encoder: Encoder | None) -> None:
    """Take back the answered attempts of the same person, within the week, about what they now asked."""
    attempt = db.get(Attempt, attempt_id)
    if attempt is None or attempt.user_id is None:
        return
    earlier = db.scalars(
        select(Attempt)
        .where(
            Attempt.user_id == attempt.user_id,
            Attempt.id != attempt.id,
            Attempt.outcome.in_([Outcome.CONFIRMED, Outcome.PRESUMED]),
            Attempt.ended_at > attempt.started_at - RETURNED_WITHIN,
            Attempt.ended_at <= (attempt.ended_at or clock.now()),
        )
        .order_by(Attempt.ended_at.desc())
        .limit(EARLIER)
    ).all()
    returned = [one.id for one, is_same in zip(earlier, _same(attempt, earlier, encoder), strict=True) if is_same]
    db.execute(update(Attempt).where(Attempt.id.in_(returned)).values(outcome=Outcome.RETURNED))
    for one in returned:  # that it had answered cannot be believed any more
        judging.withdraw(db, Origin.CONFIRMED, one)
        judging.withdraw(db, Origin.PRESUMED, one)


def _same(attempt: Attempt, earlier: Sequence[Attempt], encoder: Encoder | None) -> list[bool]:
    """Which of the earlier attempts were about the same thing."""
    if encoder is not None and earlier:
        vectors = encoder.encode([attempt.query, *(one.query for one in earlier)])
        return [float(cosine) >= SAME_SUBJECT for cosine in vectors[1:] @ vectors[0]]
    words = set(terms(attempt.query))
    return [len(words & set(terms(one.query))) >= SAME_WORDS * max(len(words), 1) for one in earlier]


def _topic(db: Session, kind: str, object_id: int) -> str:
    return db.scalar(select(SearchText.topic).where(SearchText.kind == kind, SearchText.object_id == object_id)) or ""
