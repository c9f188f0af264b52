"""Making the figures again from the rows they stand for."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk.analytics.enums import BANDS, Measure, Period
from helpdesk.analytics.models import AttemptWeek, BacklogBand, Refreshed, TicketDay, TimeFigure
from helpdesk.analytics.queries import ASKED
from helpdesk.analytics.weeks import LONDON, monday
from helpdesk.kernel import clock
from helpdesk.tickets.models import UNSOLVED, Queue, Ticket
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt


def refresh(db: Session) -> None:
    """Remake every kept figure. Restricted queues stay out: not every reader of a figure may open their rows."""
    db.execute(delete(TicketDay))
    db.execute(delete(TimeFigure))
    db.execute(delete(BacklogBand))
    db.execute(delete(AttemptWeek))
    _days(db)
    _times(db)
    _backlog(db)
    _attempts(db)
    db.merge(Refreshed(id=1, at=clock.now()))


def _days(db: Session) -> None:
    opened: Counter[tuple[date, str, int, str]] = Counter()
    solved: Counter[tuple[date, str, int, str]] = Counter()
    columns = (Ticket.opened_at, Ticket.solved_at, Ticket.channel, Ticket.topic_id, Ticket.category)
    for opened_at, solved_at, channel, topic_id, category in _rows(db, *columns):
        cut = (channel.value, topic_id or 0, category)
        opened[(opened_at.astimezone(LONDON).date(), *cut)] += 1
        if solved_at is not None:
            solved[(solved_at.astimezone(LONDON).date(), *cut)] += 1
    rows = [
        dict(zip(("day", "channel", "topic_id", "category"), key, strict=True), opened=opened[key], solved=solved[key])
        for key in opened.keys() | solved.keys()
    ]
    if rows:
        db.execute(insert(TicketDay), rows)


def _rows(db: Session, *columns: InstrumentedAttribute[Any]) -> Iterable[Sequence[Any]]:
    query = select(*columns).join(Queue, Queue.id == Ticket.queue_id).where(~Queue.is_restricted)
    return db.execute(query.execution_options(yield_per=2000))


def _times(db: Session) -> None:
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
    for (measure, start, weeks), values in minutes.items():
        median, ninetieth = percentiles(values)
        figure = TimeFigure(measure=measure, start=start, weeks=weeks, tickets=len(values))
        figure.median, figure.percentile_90 = median, ninetieth
        db.add(figure)


def percentiles(values: Sequence[int]) -> tuple[float, float]:
    """Median and 90th percentile (linear between ranks, as numpy's default) of at least one value."""
    if len(values) == 1:
        return float(values[0]), float(values[0])
    return statistics.median(values), statistics.quantiles(values, n=10, method="inclusive")[8]


def _backlog(db: Session) -> None:
    now = clock.now()
    ages: Counter[int] = Counter()
    query = select(Ticket.opened_at).join(Queue, Queue.id == Ticket.queue_id).where(~Queue.is_restricted, UNSOLVED)
    for (opened_at,) in db.execute(query):
        age = max(now - opened_at, timedelta(0))
        ages[next(place for place, (_, low, high) in enumerate(BANDS) if low <= age < high)] += 1
    db.add_all(BacklogBand(position=place, tickets=ages[place]) for place in range(len(BANDS)))


def _attempts(db: Session) -> None:
    weeks: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for attempt in db.scalars(select(Attempt).execution_options(yield_per=2000)):
        tally = weeks[monday(attempt.started_at)]
        tally["attempts"] += 1
        tally["offered"] += attempt.is_offered
        tally["opened"] += attempt.is_opened
        tally["asked"] += attempt.outcome in ASKED
        if attempt.outcome in {Outcome.CONFIRMED, Outcome.PRESUMED, Outcome.RETURNED}:
            tally[attempt.outcome.value if isinstance(attempt.outcome, Outcome) else attempt.outcome] += 1
    db.add_all(AttemptWeek(week=week, **tally) for week, tally in weeks.items())
