"""The desk's lists, and opening a ticket for somebody who telephoned or wrote."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as people
from helpdesk.accounts.signin import current_user
from helpdesk.community import queries as community
from helpdesk.kernel import paging
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.tickets import predictions, queries, services
from helpdesk.tickets.enums import CHANNEL_LABELS
from helpdesk.tickets.forms import FilterForm, OpenForm
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.policy import Can
from helpdesk.tickets.questions import open_from_question
from helpdesk.tickets.views.posting import do_once, store
from helpdesk.web.marks import needs

bp = Blueprint("desk", __name__, url_prefix="/desk")

KEPT = "desk"  # where the session keeps the last list: its filters, its order and its page


@bp.get("")
@needs(Can.SEE_DESK)
def index() -> ResponseReturnValue:
    """The list of tickets. Without filters in the address the last ones come back."""
    if "clear" in request.args:
        session.pop(KEPT, None)
        return redirect(url_for(".index"))
    if not request.args and session.get(KEPT):
        return redirect(f"{url_for('.index')}?{session[KEPT]}")
    session[KEPT] = request.query_string.decode("ascii", "replace")[:1000]
    actor, form = current_user(), FilterForm(request.args)
    window, sort = paging.window(request.args), request.args.get("sort", "-updated")
    with reading() as db:
        teams, topics, agents = queries.queues(db, actor), queries.topics(db), people.agents(db)
        form.offer(teams, topics, agents)
        form.validate()
        filters = form.filters(sort)
        page = queries.queue(db, actor, filters, window)
        counts = queries.counts(db, actor, teams)
        guesses = predictions.of_tickets(db, page.items)
    shown = {"form": form, "filters": filters, "sort": sort, "page": page, "guesses": guesses}
    return render_template("tickets/desk.html", **shown, teams=teams, counts=counts, channels=CHANNEL_LABELS)


@bp.get("/questions")
@needs(Can.SEE_DESK)
def questions() -> ResponseReturnValue:
    """Community questions that nobody has answered, the one that waits longest first."""
    actor, window = current_user(), paging.window(request.args)
    with reading() as db:
        counts = queries.counts(db, actor, queries.queues(db, actor))
        page = community.unanswered(db, actor, window)
    return render_template("tickets/desk_questions.html", page=page, counts=counts)


@bp.post("/questions/<int:question_id>/ticket")
@needs(Can.OPEN_FOR_OTHERS)
def turn_into_ticket(question_id: int) -> ResponseReturnValue:
    actor = current_user()
    with unit_of_work() as db:
        question = community.get(db, actor, question_id)
        ticket = open_from_question(db, actor, question)
        flash(f"The question is now the ticket {ticket.reference}.", "success")
        done = _address(db, ticket)
    return redirect(done)


@bp.get("/new")
@needs(Can.OPEN_FOR_OTHERS)
def new() -> ResponseReturnValue:
    return _new(OpenForm())


def _new(form: OpenForm) -> str:
    with reading() as db:
        organisations = [name for _id, name in people.organisation_choices(db)]
    return render_template("tickets/new.html", form=form, organisations=organisations)


@bp.post("/new")
@needs(Can.OPEN_FOR_OTHERS)
def create() -> ResponseReturnValue:
    form = OpenForm()
    if not form.validate_on_submit():
        return _new(form), 422
    try:
        with unit_of_work() as db:
            organisation_id = _organisation_id(db, form)
            done = do_once(db, form, lambda: _create(db, form, organisation_id))
    except Invalid as invalid:
        form.form_errors.append(str(invalid))
        return _new(form), 422
    return redirect(done)


def _organisation_id(db: Session, form: OpenForm) -> int | None:
    """The organisation that was typed; its whole name, as the list under the field offers it."""
    typed = (form.organisation.data or "").strip()
    if not typed:
        return None
    names = {name.casefold(): number for number, name in people.organisation_choices(db)}
    if typed.casefold() not in names:
        raise Invalid(f"There is no organisation called “{typed}”. Choose one from the list, or leave the field empty.")
    return names[typed.casefold()]


def _create(db: Session, form: OpenForm, organisation_id: int | None) -> str:
    actor = current_user()
    ticket = services.open_ticket(
        db,
        actor,
        subject=form.subject.data or "",
        body=form.body.data or "",
        channel=form.channel.data,
        requester_name=form.requester_name.data or "",
        requester_email=form.requester_email.data or "",
        organisation_id=organisation_id,
        attachments=store(db, actor, form.files.data),
    )
    flash(f"The ticket {ticket.reference} is open.", "success")
    return _address(db, ticket)


def _address(db: Session, ticket: Ticket) -> str:
    """The ticket's page, or the list when a rule has moved it where its opener does not read."""
    db.flush()
    if queries.can_read(db, current_user(), ticket):
        return f"/desk/tickets/{ticket.reference}"
    flash(f"It is in the restricted queue {ticket.queue.name}, whose members alone read it.", "warning")
    return url_for(".index")
