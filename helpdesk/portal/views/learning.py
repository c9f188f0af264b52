"""The administrator's pages of what is learned: indexes and models, the way back, and the thresholds of suggestions."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts.signin import current_user
from helpdesk.kernel import jobs
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.portal.drawing import plot
from helpdesk.portal.forms import ThresholdsForm
from helpdesk.triage.indexes import thresholds
from helpdesk.triage.policy import Can
from helpdesk.triage.queries import state
from helpdesk.triage.services import models
from helpdesk.triage.services.thresholds import choose, curve
from helpdesk.web.marks import needs

bp = Blueprint("learning", __name__, url_prefix="/admin")


@bp.get("/models")
@needs(Can.MODELS)
def show_models() -> ResponseReturnValue:
    with reading() as db:
        indexes = state.index_states(db)
        rows = state.models(db)
        problems = state.model_problems(db)
    with_way_back = {row.id for row in rows if models.can_roll_back(row)}
    return render_template(
        "portal/models.html", indexes=indexes, models=rows, problems=problems, with_way_back=with_way_back
    )


@bp.post("/models/<what>/back")
@needs(Can.MODELS)
def roll_back(what: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        name = models.roll_back(db, current_user(), what)
    flash(f"{name} is in use again.", "success")
    return redirect(url_for(".show_models"))


@bp.get("/thresholds")
@needs(Can.MODELS)
def show_thresholds() -> ResponseReturnValue:
    with reading() as db:
        likely, possible = thresholds(db)
    form = ThresholdsForm(formdata=None, likely=round(100 * likely), possible=round(100 * possible))
    return _thresholds_page(form)


@bp.post("/thresholds")
@needs(Can.MODELS)
def choose_thresholds() -> ResponseReturnValue:
    form = ThresholdsForm()
    if not form.validate_on_submit():
        return _thresholds_page(form), 422
    with unit_of_work() as db:
        choose(db, current_user(), likely=form.likely.data / 100, possible=form.possible.data / 100)
    flash("Your choice is kept. Suggestions follow it from now on.", "success")
    return redirect(url_for(".show_thresholds"))


@bp.post("/thresholds/count")
@needs(Can.MODELS)
def count_thresholds() -> ResponseReturnValue:
    with unit_of_work() as db:
        jobs.enqueue(db, "triage.curve", key="triage.curve")
    flash("It is being counted. Open this page again in a minute.", "success")
    return redirect(url_for(".show_thresholds"))


def _thresholds_page(form: ThresholdsForm) -> str:
    with reading() as db:
        likely, possible = thresholds(db)
        drawn = curve(db)
    picture = plot(drawn.points, {"shown": possible, "likely": likely}) if drawn else None
    return render_template(
        "portal/thresholds.html", form=form, curve=drawn, plot=picture, likely=likely, possible=possible
    )
