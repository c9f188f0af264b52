"""Volumes, times, backlog and deflection: kept figures, each with its definition, its rows and its CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.enums import CATEGORY_LABELS
from helpdesk.accounts.signin import current_user
from helpdesk.analytics import queries
from helpdesk.analytics.enums import MEASURES, STEPS, Cut, Measure, Period, Step
from helpdesk.analytics.policy import Can
from helpdesk.analytics.tables import TABLES
from helpdesk.kernel import clock, paging
from helpdesk.kernel.db import reading
from helpdesk.tickets.enums import CHANNEL_LABELS
from helpdesk.triage.queries import groups
from helpdesk.web.marks import needs

bp = Blueprint("insights", __name__, url_prefix="/insights")

ROWS = 50
TOPICS_ON_OVERVIEW = 8
EARLIEST_YEAR, LATEST_YEAR = 1970, 2100  # of a day that an address names
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so

Word = TypeVar("Word", bound=StrEnum)


def chosen(kind: type[Word], name: str, default: Word) -> Word:
    """The word that the address names, or the default for rubbish."""
    value = request.args.get(name, default.value)
    return kind(value) if value in list(kind) else default


def day(name: str) -> date | None:
    """The day that the address names; none for rubbish, and for a year that would overflow the arithmetic of dates."""
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if EARLIEST_YEAR <= found.year <= LATEST_YEAR else None


@bp.get("")
@needs(Can.READ)
def overview() -> ResponseReturnValue:
    period = chosen(Period, "period", Period.TWELVE_WEEKS)
    actor = current_user()
    with reading() as db:
        weeks = queries.by_week(db, period)
        first, _ = queries.times(db, period, Measure.FIRST_RESPONSE)
        resolution, _ = queries.times(db, period, Measure.RESOLUTION)
        shown = {
            "weeks": weeks,
            "opened": sum(week.opened for week in weeks),
            "first": first,
            "resolution": resolution,
            "backlog": queries.backlog(db),
            "steps": queries.steps(queries.attempts(db, period)),
            "topics": groups.groups(db, actor, paging.Window(1, TOPICS_ON_OVERVIEW), sort="-trend").items,
            "at": queries.refreshed_at(db),
            "start": queries.start_of(period),
        }
    return render_template(
        "analytics/overview.html",
        period=period,
        periods=Period,
        about=MEASURES,
        confirmed_about=STEPS[Step.CONFIRMED],
        **shown,
    )


@bp.get("/volume")
@needs(Can.READ)
def volume() -> ResponseReturnValue:
    period = chosen(Period, "period", Period.TWELVE_WEEKS)
    with reading() as db:
        shown = {
            "weeks": queries.by_week(db, period),
            "days": queries.by_day(db, Period.FOUR_WEEKS),
            "cuts": {cut: queries.by_cut(db, period, cut) for cut in Cut},
            "at": queries.refreshed_at(db),
            "start": queries.start_of(period),
        }
    return render_template("analytics/volume.html", period=period, periods=Period, about=MEASURES, **shown)


@bp.get("/times")
@needs(Can.READ)
def times() -> ResponseReturnValue:
    period = chosen(Period, "period", Period.TWELVE_WEEKS)
    with reading() as db:
        figures = {
            measure: queries.times(db, period, measure) for measure in (Measure.FIRST_RESPONSE, Measure.RESOLUTION)
        }
        at = queries.refreshed_at(db)
    return render_template(
        "analytics/times.html", period=period, periods=Period, figures=figures, at=at, about=MEASURES
    )


@bp.get("/backlog")
@needs(Can.READ)
def backlog() -> ResponseReturnValue:
    with reading() as db:
        bands, at = queries.backlog(db), queries.refreshed_at(db)
    return render_template("analytics/backlog.html", bands=bands, at=at, about=MEASURES)


@bp.get("/deflection")
@needs(Can.READ)
def deflection() -> ResponseReturnValue:
    period = chosen(Period, "period", Period.TWELVE_WEEKS)
    with reading() as db:
        weeks, at = queries.attempts(db, period), queries.refreshed_at(db)
    return render_template(
        "analytics/deflection.html",
        period=period,
        periods=Period,
        weeks=weeks,
        steps=queries.steps(weeks),
        start=queries.start_of(period),
        at=at,
        about=STEPS,
    )


def row_filter() -> queries.RowFilter:
    band = request.args.get("band", "")
    return queries.RowFilter(
        measure=chosen(Measure, "measure", Measure.OPENED),
        start=day("from"),
        end=day("to"),
        channel=request.args.get("channel", "")[:24],
        topic=request.args.get("topic", "")[:9],
        category=request.args["category"][:40] if "category" in request.args else None,
        band=int(band) if band.isascii() and band.isdecimal() and len(band) < 3 else None,
    )


@bp.get("/tickets")
@needs(Can.READ)
def ticket_rows() -> ResponseReturnValue:
    """The tickets behind a bar or a figure."""
    wanted = row_filter()
    with reading() as db:
        page = queries.ticket_rows(db, current_user(), wanted, paging.window(request.args, ROWS))
    return render_template(
        "analytics/tickets.html",
        page=page,
        wanted=wanted,
        about=MEASURES,
        channels=CHANNEL_LABELS,
        categories=CATEGORY_LABELS,
    )


@bp.get("/attempts")
@needs(Can.READ)
def attempt_rows() -> ResponseReturnValue:
    """The attempts behind a bar or a figure, without their words."""
    step = chosen(Step, "step", Step.ATTEMPTS)
    end = day("to") or clock.now().date()
    start = day("from") or end - timedelta(weeks=12)
    with reading() as db:
        page = queries.attempt_rows(db, step, start, end, paging.window(request.args, ROWS))
    return render_template(
        "analytics/attempts.html", page=page, step=step, start=start, end=end, about=STEPS, categories=CATEGORY_LABELS
    )


@bp.get("/<name>.csv")
@needs(Can.READ)
def download(name: str) -> ResponseReturnValue:
    """The figures of one chart as CSV."""
    period = chosen(Period, "period", Period.TWELVE_WEEKS)
    if name not in TABLES:
        abort(404)
    with reading() as db:
        rows = TABLES[name](db, current_user(), period)
    return as_csv(f"signpost-{name}-{period.value}.csv", rows)


def as_csv(filename: str, rows: Iterable[Sequence[object]]) -> Response:
    """A download; cells that a spreadsheet would take for a formula are disarmed."""
    out = io.StringIO()
    csv.writer(out).writerows([[disarmed(cell) for cell in row] for row in rows])
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)


def disarmed(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
