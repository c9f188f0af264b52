"""What people's doings say of suggestions: kept as judgements, and led back into the indexes."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk.community.models import Answer, Question
from helpdesk.kernel import clock
from helpdesk.kernel.plain import plain
from helpdesk.nlp.citations import CitationFinder
from helpdesk.nlp.suggest import LOOKED_AT
from helpdesk.rulebook import resolver
from helpdesk.tickets import routing
from helpdesk.triage.enums import Origin, Outcome
from helpdesk.triage.models import Attempt, AttemptItem, Judgement, SearchText
from helpdesk.triage.queries.words import clean
from helpdesk.triage.services import indexing

Item = tuple[str, int]

FEWEST_WORDS = 3  # of a question that says what was looked for
SOURCES = {"ticket": (Origin.LINKED,), "question": (Origin.CITED, Origin.MERGED)}  # whose words each origin keeps


def judge(
    db: Session,
    origin: Origin,
    source_id: int,
    query: str,
    items: Iterable[Item],
    *,
    is_right: bool = True,
    organisation_id: int | None = None,
) -> None:
    """Keep that `query` was answered by `items`, or was not. Safe to repeat; the later word counts.

    What reads like a report for a restricted queue is not kept, whoever typed it and wherever it ended.
    """
    query, items = clean(query), list(items)
    if len(query.split()) < FEWEST_WORDS or not items or routing.refusal(query):
        return
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    facts = {"query": query, "is_right": is_right, "organisation_id": organisation_id, "at": clock.now()}
    rows = [{"origin": origin, "source_id": source_id, "kind": kind, "object_id": key, **facts} for kind, key in items]
    statement = insert(Judgement).values(rows)
    key = [Judgement.origin, Judgement.source_id, Judgement.kind, Judgement.object_id]
    fresh = {name: statement.excluded[name] for name in facts}
    db.execute(statement.on_conflict_do_update(index_elements=key, set_=fresh))
    _lead(db, items)


def withdraw(db: Session, origin: Origin, source_id: int, item: Item | None = None) -> None:
    """Forget what one doing said: of `item`, or of everything."""
    wanted = [Judgement.origin == origin, Judgement.source_id == source_id]
    if item is not None:
        wanted += [Judgement.kind == item[0], Judgement.object_id == item[1]]
    gone = db.execute(delete(Judgement).where(*wanted).returning(Judgement.kind, Judgement.object_id)).all()
    _lead(db, [(kind, object_id) for kind, object_id in gone])


def _lead(db: Session, items: Sequence[Item]) -> None:
    by_kind: dict[str, list[int]] = {}
    for kind, object_id in items:
        by_kind.setdefault(kind, []).append(object_id)
    for kind, ids in by_kind.items():
        indexing.lead(db, kind, ids)


def judge_attempt(db: Session, attempt: Attempt) -> None:
    """What an attempt that ended says of what it was offered.

    Confirmed: this item answers. Presumed: the one opened last does. Asked all the same: what stood at the top
    of the last list, and was not opened, does not.
    """
    owner = attempt.organisation_id
    if attempt.outcome == Outcome.CONFIRMED and attempt.confirmed_id is not None:
        offered = {(item.kind, item.object_id) for item in attempt.items}
        # Only of what was offered for these words: anybody can send any item's number.
        items = [one for one in [(attempt.confirmed_kind, attempt.confirmed_id)] if one in offered]
        judge(db, Origin.CONFIRMED, attempt.id, attempt.query, items, organisation_id=owner)
    elif attempt.outcome == Outcome.PRESUMED:
        last = max((item for item in attempt.items if item.opened_at), key=lambda item: str(item.opened_at))
        items = [(last.kind, last.object_id)]
        judge(db, Origin.PRESUMED, attempt.id, attempt.query, items, organisation_id=owner)
    elif attempt.outcome in {Outcome.TICKET, Outcome.QUESTION} and not _is_closed(db, attempt.ticket_id):
        items = _ignored(attempt.items)
        judge(db, Origin.IGNORED, attempt.id, attempt.query, items, is_right=False, organisation_id=owner)


def _is_closed(db: Session, ticket_id: int | None) -> bool:
    """Whether the ticket that an attempt became is one of a restricted queue, of which the indexes hold nothing."""
    is_ticket = (SearchText.kind == "ticket", SearchText.object_id == ticket_id)
    return ticket_id is not None and db.scalar(select(SearchText.is_deleted).where(*is_ticket)) is not False


def _ignored(items: Sequence[AttemptItem]) -> list[Item]:
    """What stood at the top of the last list and was not opened; earlier lists were for words half typed."""
    last = max((item.last_at for item in items if item.last_at), default=None)
    looked_at = (item for item in items if item.last_at == last and (item.last_rank or LOOKED_AT + 1) <= LOOKED_AT)
    return [(item.kind, item.object_id) for item in looked_at if item.opened_at is None]


def judge_from(db: Session, origin: Origin, source: Item, items: Iterable[Item]) -> None:
    """`items` answer a ticket or a question, whose title the indexes know: that of a restricted ticket they do not."""
    kind, source_id = source
    is_source = (SearchText.kind == kind, SearchText.object_id == source_id, SearchText.is_deleted.is_(False))
    row = db.execute(select(SearchText.title, SearchText.organisation_id).where(*is_source)).first()
    if row is not None:
        judge(db, origin, source_id, row.title, items, organisation_id=row.organisation_id)


def judge_accepted(db: Session, question_id: int, answer_id: int) -> None:
    """The clauses that an accepted answer cites answer the question."""
    answer = db.get_one(Answer, answer_id)
    cited = resolver.memory.exact(CitationFinder().cited(plain(answer.body, answer.body_format)))
    withdraw(db, Origin.CITED, question_id)
    judge_from(db, Origin.CITED, ("question", question_id), [("clause", one) for one in dict.fromkeys(cited)])


def follow_sources(db: Session, kind: str, ids: Sequence[int]) -> None:
    """Judgements follow the texts that they quote: edited, hidden, not accepted any more, moved where few may read."""
    _forget_hidden(db, kind, ids)
    quoting = (Judgement.origin.in_(SOURCES.get(kind, ())), Judgement.source_id.in_(ids))
    rows = db.scalars(select(Judgement).where(*quoting)).all()
    if not rows:
        return
    is_source = (SearchText.kind == kind, SearchText.object_id.in_({row.source_id for row in rows}))
    titles = {
        row.object_id: clean(row.title)
        for row in db.execute(select(SearchText.object_id, SearchText.title).where(*is_source))
    }
    edited = [row for row in rows if row.query != titles.get(row.source_id, row.query)]
    for row in edited:
        row.query = titles[row.source_id]
    db.flush()
    _lead(db, [(row.kind, row.object_id) for row in edited])
    for question_id in {row.source_id for row in rows if row.origin == Origin.CITED}:
        accepted = db.scalar(select(Question.accepted_answer_id).where(Question.id == question_id))
        if accepted is None:
            withdraw(db, Origin.CITED, question_id)
        else:
            judge_accepted(db, question_id, accepted)


def _forget_hidden(db: Session, kind: str, ids: Sequence[int]) -> None:
    gone = (SearchText.kind == kind, SearchText.object_id.in_(ids), SearchText.is_deleted)
    for source_id in db.scalars(select(SearchText.object_id).where(*gone)).all():
        for origin in SOURCES.get(kind, ()):
            withdraw(db, origin, source_id)
        if kind == "ticket":
            for attempt_id in db.scalars(select(Attempt.id).where(Attempt.ticket_id == source_id)).all():
                withdraw(db, Origin.IGNORED, attempt_id)
