"""Reading the figures, and the rows behind each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.enums import CATEGORY_LABELS
from helpdesk.analytics.enums import BANDS, Cut, Measure, Period, Step
from helpdesk.analytics.models import AttemptWeek, BacklogBand, Refreshed, TicketDay, TimeFigure
from helpdesk.analytics.weeks import LONDON, monday
from helpdesk.kernel import clock
from helpdesk.kernel.paging import Page, Window, page
from helpdesk.kernel.policy import Actor
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.enums import CHANNEL_LABELS
from helpdesk.tickets.models import UNSOLVED, Queue, Ticket
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt

ASKED = frozenset({Outcome.TICKET, Outcome.QUESTION})


def refreshed_at(db: Session) -> datetime | None:
    return db.scalar(select(Refreshed.at))


def start_of(period: Period) -> date:
    """The Monday with which a period begins; the running week is its last."""
    return monday(clock.now()) - timedelta(weeks=period.weeks - 1)


@dataclass(frozen=True, slots=True)
class Volume:
    """Tickets of one bar."""

    label: str
    opened: int
    solved: int
    start: date
    end: date


def by_day(db: Session, period: Period) -> list[Volume]:
    """Every day of the period, those without tickets too."""
    found = {volume.start: volume for volume in _volumes(db, period, step=1)}
    start, today = start_of(period), clock.now().astimezone(LONDON).date()
    days = [start + timedelta(days=number) for number in range((today - start).days + 1)]
    return [found.get(day, Volume(_day(day), 0, 0, day, day)) for day in days]


def by_week(db: Session, period: Period) -> list[Volume]:
    """Every week of the period, from its Monday."""
    found = {volume.start: volume for volume in _volumes(db, period, step=7)}
    weeks = [start_of(period) + timedelta(weeks=number) for number in range(period.weeks)]
    return [found.get(week, Volume(_day(week), 0, 0, week, week + timedelta(days=6))) for week in weeks]


def _volumes(db: Session, period: Period, step: int) -> list[Volume]:
    query = select(TicketDay.day, func.sum(TicketDay.opened), func.sum(TicketDay.solved))
    totals: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for day, opened, solved in db.execute(query.where(TicketDay.day >= start_of(period)).group_by(TicketDay.day)):
        first = day if step == 1 else monday(day)
        totals[first][0] += opened
        totals[first][1] += solved
    return [
        Volume(_day(first), opened, solved, first, first + timedelta(days=step - 1))
        for first, (opened, solved) in sorted(totals.items())
    ]


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


@dataclass(frozen=True, slots=True)
class Part:
    """Tickets of one channel, topic or Party category; `key` opens their rows."""

    label: str
    key: str
    opened: int


def by_cut(db: Session, period: Period, cut: Cut) -> list[Part]:
    """Tickets opened in the period by channel, topic or category, most first."""
    column = {Cut.CHANNEL: TicketDay.channel, Cut.TOPIC: TicketDay.topic_id, Cut.CATEGORY: TicketDay.category}[cut]
    total = func.sum(TicketDay.opened)
    query = select(column, total).where(TicketDay.day >= start_of(period)).group_by(column).having(total > 0)
    rows = db.execute(query.order_by(total.desc(), column)).all()
    topics = {topic.id: topic.name for topic in tickets.topics(db)} if cut is Cut.TOPIC else {}
    labels: dict[Cut, Mapping[Any, str]] = {
        Cut.CHANNEL: CHANNEL_LABELS,
        Cut.TOPIC: topics,
        Cut.CATEGORY: CATEGORY_LABELS,
    }
    return [Part(labels[cut].get(key, "None given"), str(key), count) for key, count in rows]


def times(db: Session, period: Period, measure: Measure) -> tuple[TimeFigure | None, list[TimeFigure]]:
    """The figure of the whole period, and one a week."""
    start = start_of(period)
    query = select(TimeFigure).where(TimeFigure.measure == measure, TimeFigure.start >= start)
    rows = db.scalars(query.order_by(TimeFigure.start)).all()
    whole = next((row for row in rows if row.weeks == period.weeks and row.start == start), None)
    return whole, [row for row in rows if row.weeks == 1]


def backlog(db: Session) -> list[Part]:
    rows = db.scalars(select(BacklogBand).order_by(BacklogBand.position))
    return [Part(BANDS[row.position][0], str(row.position), row.tickets) for row in rows]


def attempts(db: Session, period: Period) -> list[AttemptWeek]:
    query = select(AttemptWeek).where(AttemptWeek.week >= start_of(period))
    return list(db.scalars(query.order_by(AttemptWeek.week)))


def steps(weeks: Sequence[AttemptWeek]) -> dict[str, int]:
    """How far the attempts of some weeks went, together."""
    return {step.value: sum(getattr(week, step.value) for week in weeks) for step in Step}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Which tickets stand behind a figure."""

    measure: Measure = Measure.OPENED
    start: date | None = None
    end: date | None = None
    channel: str = ""
    topic: str = ""
    category: str | None = None
    band: int | None = None


def ticket_rows(db: Session, actor: Actor, chosen: RowFilter, window: Window) -> Page[Ticket]:
    """The tickets behind a figure, of those that `actor` may read."""
    query = (
        select(Ticket)
        .join(Queue, Queue.id == Ticket.queue_id)
        .where(~Queue.is_restricted, Ticket.id.in_(tickets.visible(actor)), *_conditions(chosen))
        .options(joinedload(Ticket.topic), joinedload(Ticket.organisation))
    )
    orders: dict[Measure, ColumnElement[Any]] = {
        Measure.FIRST_RESPONSE: Ticket.first_response_minutes.desc(),
        Measure.RESOLUTION: Ticket.resolution_minutes.desc(),
        Measure.SOLVED: Ticket.solved_at.desc(),
        Measure.BACKLOG: Ticket.opened_at.asc(),
    }
    order = orders.get(chosen.measure, Ticket.opened_at.desc())
    rows = db.scalars(query.order_by(order, Ticket.id).offset(window.offset).limit(window.limit + 1)).all()
    return page(rows, window)


def _conditions(chosen: RowFilter) -> list[Any]:
    conditions: list[Any] = []
    moment = Ticket.solved_at if chosen.measure is Measure.SOLVED else Ticket.opened_at
    if chosen.start is not None:
        conditions.append(moment >= _midnight(chosen.start))
    if chosen.end is not None:
        conditions.append(moment < _midnight(chosen.end + timedelta(days=1)))
    if chosen.channel:
        conditions.append(Ticket.channel == chosen.channel)
    if chosen.topic.isascii() and chosen.topic.isdecimal():
        conditions.append(Ticket.topic_id == int(chosen.topic) if int(chosen.topic) else Ticket.topic_id.is_(None))
    if chosen.category is not None:
        conditions.append(Ticket.category == chosen.category)
    if chosen.measure is Measure.FIRST_RESPONSE:
        conditions.append(Ticket.first_response_minutes.is_not(None))
    if chosen.measure is Measure.RESOLUTION:
        conditions.append(Ticket.resolution_minutes.is_not(None))
    if chosen.measure is Measure.BACKLOG:
        conditions.extend(_backlog_conditions(chosen.band))
    return conditions


def _backlog_conditions(band: int | None) -> list[Any]:
    if band is None or not 0 <= band < len(BANDS):
        return [UNSOLVED]
    _, low, high = BANDS[band]
    now = clock.now()
    return [UNSOLVED, Ticket.opened_at <= now - low, Ticket.opened_at > now - high]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)


def attempt_rows(db: Session, step: Step, start: date, end: date, window: Window) -> Page[Attempt]:
    """The attempts behind a figure. Their words are the asker's own and are not shown to staff."""
    query = (
        select(Attempt)
        .where(Attempt.started_at >= _midnight(start), Attempt.started_at < _midnight(end + timedelta(days=1)))
        .order_by(Attempt.started_at.desc())
    )
    condition = _step_condition(step)
    if condition is not None:
        query = query.where(condition)
    return page(db.scalars(query.offset(window.offset).limit(window.limit + 1)).all(), window)


def _step_condition(step: Step) -> ColumnElement[bool] | None:
    if step is Step.OFFERED:
        return Attempt.is_offered.is_(True)
    if step is Step.OPENED:
        return Attempt.is_opened.is_(True)
    if step is Step.ASKED:
        return Attempt.outcome.in_(ASKED)
    if step is Step.ATTEMPTS:
        return None
    return Attempt.outcome == Outcome(step.value)
