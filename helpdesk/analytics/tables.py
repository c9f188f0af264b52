"""The figures of each chart as rows, the first of them names: what the CSV beside it holds."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy.orm import Session

from helpdesk.analytics import queries
from helpdesk.analytics.enums import Cut, Measure, Period, Step
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import Actor
from helpdesk.triage.queries import groups

Rows = list[Sequence[object]]
Table = Callable[[Session, Actor, Period], Rows]

MOST_TOPICS = 500


def _weeks(db: Session, _actor: Actor, period: Period) -> Rows:
    volumes = queries.by_week(db, period)
    return [["week from", "opened", "solved"], *([one.start, one.opened, one.solved] for one in volumes)]


def _days(db: Session, _actor: Actor, _period: Period) -> Rows:
    volumes = queries.by_day(db, Period.FOUR_WEEKS)
    return [["day", "opened", "solved"], *([one.start, one.opened, one.solved] for one in volumes)]


def _cut(cut: Cut, db: Session, _actor: Actor, period: Period) -> Rows:
    return [[cut.value, "opened"], *([part.label, part.opened] for part in queries.by_cut(db, period, cut))]


def _times(measure: Measure, db: Session, _actor: Actor, period: Period) -> Rows:
    _, weeks = queries.times(db, period, measure)
    names = ["week from", "tickets", "median working minutes", "90th percentile"]
    return [names, *([week.start, week.tickets, week.median, week.percentile_90] for week in weeks)]


def _backlog(db: Session, _actor: Actor, _period: Period) -> Rows:
    return [["age", "tickets"], *([part.label, part.opened] for part in queries.backlog(db))]


def _deflection(db: Session, _actor: Actor, period: Period) -> Rows:
    weeks = queries.attempts(db, period)
    return [["week from", *Step], *([week.week, *(getattr(week, step.value) for step in Step)] for week in weeks)]


def _topics(db: Session, actor: Actor, _period: Period) -> Rows:
    found = groups.groups(db, actor, Window(1, MOST_TOPICS)).items
    names = ["topic", "items", "trend", "last seen", "covered"]
    return [names, *([one.name, one.size, one.trend, one.last_seen, one.is_covered] for one in found)]


TABLES: Mapping[str, Table] = {
    "weeks": _weeks,
    "days": _days,
    **{cut.value: partial(_cut, cut) for cut in Cut},
    **{measure.value: partial(_times, measure) for measure in (Measure.FIRST_RESPONSE, Measure.RESOLUTION)},
    "backlog": _backlog,
    "deflection": _deflection,
    "topics": _topics,
}
