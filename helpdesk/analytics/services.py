"""Making the figures again from the rows they stand for."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk.analytics.enums import BANDS, Measure, Period
from helpdesk.analytics.models import AttemptWeek, BacklogBand, Refreshed, TicketDay, TimeFigure
from helpdesk.analytics.queries import ASKED
from helpdesk.analytics.weeks import LONDON, monday
from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.tickets.models import UNSOLVED, Queue, Ticket
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt

TALLIED = ("attempts", "offered", "opened", "confirmed", "presumed", "returned", "asked")

Rows: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Figures:
    """The rows of every kept figure, and when they were worked out."""

    at: datetime
    by_model: Mapping[type[Base], Rows]


def refresh(db: Session) -> None:
    """Remake every kept figure, in one transaction."""
    keep(db, measure(db))


def measure(db: Session) -> Figures:
    """Work out every figure from the rows it stands for; this reads every ticket and writes nothing.

    Restricted queues stay out: not every reader of a figure may open their rows.
    """
    at = clock.now()
    by_model = {TicketDay: _days(db), TimeFigure: _times(db), BacklogBand: _backlog(db), AttemptWeek: _attempts(db)}
    return Figures(at, by_model)


def keep(db: Session, found: Figures) -> None:
    """Put `found` in the place of the figures that are kept."""
    for model, rows in found.by_model.items():
        db.execute(delete(model))
        if rows:
            db.execute(insert(model), rows)
    db.merge(Refreshed(id=1, at=found.at))


def _days(db: Session) -> Rows:
    opened: Counter[tuple[date, str, int, str]] = Counter()
    solved: Counter[tuple[date, str, int, str]] = Counter()
    columns = (Ticket.opened_at, Ticket.solved_at, Ticket.channel, Ticket.topic_id, Ticket.category)
    for opened_at, solved_at, channel, topic_id, category in _rows(db, *columns):
        cut = (channel.value, topic_id or 0, category)
        opened[(opened_at.astimezone(LONDON).date(), *cut)] += 1
        if solved_at is not None:
            solved[(solved_at.astimezone(LONDON).date(), *cut)] += 1
    return [
        dict(zip(("day", "channel", "topic_id", "category"), key, strict=True), opened=opened[key], solved=solved[key])
        for key in opened.keys() | solved.keys()
    ]


def _rows(db: Session, *columns: InstrumentedAttribute[Any]) -> Iterable[Sequence[Any]]:
    query = select(*columns).join(Queue, Queue.id == Ticket.queue_id).where(~Queue.is_restricted)
    return db.execute(query.execution_options(yield_per=2000))


def _times(db: Session) -> Rows:
    this_week = monday(clock.now())
    spans = {period.weeks: this_week - timedelta(weeks=period.weeks - 1) for period in Period}
    minutes: defaultdict[tuple[Measure, date, int], list[int]] = defaultdict(list)
    columns = (Ticket.opened_at, Ticket.first_response_minutes, Ticket.resolution_minutes)
    for opened_at, first, resolution in _rows(db, *columns):
        week = monday(opened_at)
        for measure, value in ((Measure.FIRST_RESPONSE, first), (Measure.RESOLUTION, resolution)):
            if value is None:
                continue
            minutes[measure, week, 1].append(value)
            for weeks, start in spans.items():
                if week >= start:
                    minutes[measure, start, weeks].append(value)
    names = ("measure", "start", "weeks", "tickets", "median", "percentile_90")
    rows = ((*key, len(values), *percentiles(values)) for key, values in minutes.items())
    return [dict(zip(names, row, strict=True)) for row in rows]


def percentiles(values: Sequence[int]) -> tuple[float, float]:
    """Median and 90th percentile (linear between ranks, as numpy's default) of at least one value."""
    if len(values) == 1:
        return float(values[0]), float(values[0])
    return statistics.median(values), statistics.quantiles(values, n=10, method="inclusive")[8]


def _backlog(db: Session) -> Rows:
    now = clock.now()
    ages: Counter[int] = Counter()
    query = select(Ticket.opened_at).join(Queue, Queue.id == Ticket.queue_id).where(~Queue.is_restricted, UNSOLVED)
    for (opened_at,) in db.execute(query):
        age = max(now - opened_at, timedelta(0))
        ages[next(place for place, (_, low, high) in enumerate(BANDS) if low <= age < high)] += 1
    return [{"position": place, "tickets": ages[place]} for place in range(len(BANDS))]


def _attempts(db: Session) -> Rows:
    weeks: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for attempt in db.scalars(select(Attempt).execution_options(yield_per=2000)):
        tally = weeks[monday(attempt.started_at)]
        tally["attempts"] += 1
        tally["offered"] += attempt.is_offered
        tally["opened"] += attempt.is_opened
        tally["asked"] += attempt.outcome in ASKED
        if attempt.outcome in {Outcome.CONFIRMED, Outcome.PRESUMED, Outcome.RETURNED}:
            tally[attempt.outcome.value if isinstance(attempt.outcome, Outcome) else attempt.outcome] += 1
    return [{"week": week, **{name: tally[name] for name in TALLIED}} for week, tally in weeks.items()]
