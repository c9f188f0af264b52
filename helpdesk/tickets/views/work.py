"""One ticket on the desk: reply, note, assign, correct, link, solve."""

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Blueprint, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as people
from helpdesk.accounts import services as accounts
from helpdesk.accounts.models import User
from helpdesk.accounts.signin import current_user
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.policy import require
from helpdesk.rulebook import queries as rulebook
from helpdesk.tickets import predictions, queries, records, routing, services
from helpdesk.tickets.enums import CHANNEL_LABELS, Priority, Status
from helpdesk.tickets.forms import (
    REPLY_ACTIONS,
    STATUS_LABELS,
    AssignForm,
    ClauseForm,
    NoteForm,
    ReplyForm,
    TriageForm,
)
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.policy import RULES, Can
from helpdesk.tickets.views.desk import KEPT
from helpdesk.tickets.views.posting import do_once, store
from helpdesk.web.marks import needs

bp = Blueprint("desk_ticket", __name__, url_prefix="/desk/tickets")

NO_CLAUSE = "There is no clause with that number in the version in force. Look it up under Code."


@dataclass
class Forms:
    """The forms of the page; the one that was refused comes back filled."""

    reply: ReplyForm = field(default_factory=ReplyForm)
    note: NoteForm = field(default_factory=lambda: NoteForm(prefix="note"))
    clause: ClauseForm = field(default_factory=lambda: ClauseForm(prefix="clause"))


def _ticket(db: Session, reference: str) -> Ticket:
    """The ticket, for those who work on it; its requester has another page."""
    actor = current_user()
    ticket = queries.by_reference(db, actor, reference)
    require(RULES, actor, Can.WORK, ticket)
    return ticket


def _page(reference: str, forms: Forms, notice: str = "") -> str:
    """The whole page. After a refusal the refused form keeps its text, and what is newer is marked."""
    actor, seen = current_user(), forms.reply.seen_id
    with reading() as db:
        (teams, topics), agents = queries.teams_and_topics(db), people.agents(db)
        ticket = _ticket(db, reference)
        messages = queries.messages(db, ticket, with_notes=True)
        shown = {
            "changes": queries.changes(db, ticket),
            "clauses": queries.linked_clauses(db, ticket),
            "recent": queries.recent_of_requester(db, actor, ticket),
            "is_following": people.is_following(db, actor, records.KIND, ticket.id),
            "prediction": predictions.of_tickets(db, [ticket]).get(ticket.id),
        }
    triage, assign = TriageForm(formdata=None, data=_triage_data(ticket)), AssignForm(formdata=None)
    triage.offer(topics, teams)
    assign.agent.data = str(ticket.agent_id or "")
    assign.offer(agents)
    forms.reply.seen.data = str(messages[-1].id) if messages else "0"
    return render_template(
        "tickets/work.html",
        ticket=ticket,
        messages=messages,
        forms=forms,
        triage=triage,
        assign=assign,
        notice=notice,
        new_after=seen,
        rule=routing.by_name(ticket.rule),
        statuses=STATUS_LABELS,
        channels=CHANNEL_LABELS,
        clause_url=rulebook.url,
        clause_title=rulebook.title,
        desk_list=f"/desk?{session.get(KEPT, '')}",
        **shown,
    )


def _triage_data(ticket: Ticket) -> dict[str, str]:
    topic = ticket.topic.slug if ticket.topic else ""
    return {"topic": topic, "priority": ticket.priority.value, "queue": ticket.queue.slug}


@bp.get("/<reference>")
@needs(Can.SEE_DESK)
def show(reference: str) -> ResponseReturnValue:
    return _page(reference, Forms())


@bp.post("/<reference>/reply")
@needs(Can.SEE_DESK)
def reply(reference: str) -> ResponseReturnValue:
    """Send a reply; the button names what happens to the ticket."""
    forms = Forms()
    if not forms.reply.validate_on_submit():
        return _page(reference, forms), 422
    return _send(reference, forms, lambda db, ticket: do_once(db, forms.reply, lambda: _reply(db, ticket, forms.reply)))


def _reply(db: Session, ticket: Ticket, form: ReplyForm) -> str:
    actor = current_user()
    action = REPLY_ACTIONS.get(_button())
    files = store(db, actor, form.files.data)
    message = services.reply(
        db, actor, ticket, form.body.data or "", status=action, attachments=files, seen=form.seen_id
    )
    accounts.drop_draft(db, actor, f"ticket-{ticket.id}-reply")
    flash(f"The reply is sent. {ticket.reference} is now: {STATUS_LABELS[ticket.status].lower()}.", "success")
    return f"/desk/tickets/{ticket.reference}#message-{message.id}"


@bp.post("/<reference>/note")
@needs(Can.SEE_DESK)
def note(reference: str) -> ResponseReturnValue:
    """Keep a note that only staff read."""
    forms = Forms()
    if not forms.note.validate_on_submit():
        return _page(reference, forms), 422
    return _send(reference, forms, lambda db, ticket: do_once(db, forms.note, lambda: _note(db, ticket, forms.note)))


def _note(db: Session, ticket: Ticket, form: NoteForm) -> str:
    message = services.note(db, current_user(), ticket, form.body.data or "")
    accounts.drop_draft(db, current_user(), f"ticket-{ticket.id}-note")
    flash("The note is kept. Only staff read it.", "success")
    return f"/desk/tickets/{ticket.reference}#message-{message.id}"


def _send(reference: str, forms: Forms, write: Callable[[Session, Ticket], str]) -> ResponseReturnValue:
    """Write, or show the page again with the text kept and the reason above it."""
    try:
        with unit_of_work() as db:
            done = write(db, _ticket(db, reference))
    except (Conflict, Invalid) as refusal:
        return _page(reference, forms, str(refusal)), refusal.status
    return redirect(done)


@bp.post("/<reference>/assign")
@needs(Can.SEE_DESK)
def assign(reference: str) -> ResponseReturnValue:
    form = AssignForm()
    with unit_of_work() as db:
        form.offer(people.agents(db))
        if not form.validate_on_submit():
            raise Invalid("Choose an agent from the list.")
        ticket = _ticket(db, reference)
        chosen = (form.agent.data or "").strip()
        agent = db.get_one(User, int(chosen)) if chosen else None
        services.assign(db, current_user(), ticket, agent)
    flash(f"{reference.upper()} belongs to {agent.name if agent else 'nobody'} now.", "success")
    return redirect(f"/desk/tickets/{reference}")


@bp.post("/<reference>/triage")
@needs(Can.SEE_DESK)
def correct(reference: str) -> ResponseReturnValue:
    """Correct topic, priority and team."""
    form, actor = TriageForm(), current_user()
    with unit_of_work() as db:
        teams, topics = queries.teams_and_topics(db)
        form.offer(topics, teams)
        if not form.validate_on_submit():
            raise Invalid("Choose topic, priority and team from their lists.")
        ticket = _ticket(db, reference)
        topic = next((one for one in topics if one.slug == form.topic.data), None)
        team = next(one for one in teams if one.slug == form.queue.data)
        services.correct(db, actor, ticket, topic=topic, priority=Priority(form.priority.data), queue=team)
        db.flush()
        is_readable = queries.can_read(db, actor, ticket)
    if not is_readable:
        flash(f"{reference.upper()} is with {team.name} now, whose members alone read it.", "success")
        return redirect("/desk")
    flash("Topic, priority and team are kept.", "success")
    return redirect(f"/desk/tickets/{reference}")


@bp.post("/<reference>/status/<wanted>")
@needs(Can.SEE_DESK)
def change_status(reference: str, wanted: str) -> ResponseReturnValue:
    """Solve, reopen, close, or say what the ticket waits for."""
    if wanted not in set(Status):
        raise NotFound("There is no such status.")
    with unit_of_work() as db:
        services.set_status(db, current_user(), _ticket(db, reference), Status(wanted))
    flash(f"{reference.upper()} is now: {STATUS_LABELS[Status(wanted)].lower()}.", "success")
    return redirect(f"/desk/tickets/{reference}")


@bp.post("/<reference>/clauses")
@needs(Can.SEE_DESK)
def link_clause(reference: str) -> ResponseReturnValue:
    """Say that a clause bears on the ticket."""
    forms = Forms()
    if not forms.clause.validate_on_submit():
        return _page(reference, forms), 422
    with unit_of_work() as db:
        ticket = _ticket(db, reference)
        clause = rulebook.by_number(db, forms.clause.number.data or "")
        if clause is not None:
            services.link_clause(db, current_user(), ticket, clause)
    if clause is None:
        forms.clause.number.errors = [NO_CLAUSE]
        return _page(reference, forms), 422
    flash(f"{clause.number} is linked.", "success")
    return redirect(f"/desk/tickets/{reference}")


@bp.post("/<reference>/clauses/<int:clause_id>/remove")
@needs(Can.SEE_DESK)
def unlink_clause(reference: str, clause_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        ticket = _ticket(db, reference)
        services.unlink_clause(db, current_user(), ticket, rulebook.get(db, current_user(), clause_id))
    return redirect(f"/desk/tickets/{reference}")


def _button() -> str:
    """The name of the button that sent the reply."""
    return request.form.get("action", "reply")
