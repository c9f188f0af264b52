"""Asking: answers are offered while the question is typed; what is left becomes a question or a ticket."""

import secrets

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import services as accounts
from helpdesk.accounts.signin import current_user
from helpdesk.community import services as community
from helpdesk.kernel import once, throttle
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Invalid, NotFound
from helpdesk.kernel.files import FileStore
from helpdesk.kernel.models import FileRow
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import source
from helpdesk.portal.forms import AUDIENCES, COMMUNITY, HELPDESK, AskForm
from helpdesk.rulebook.resolver import memory
from helpdesk.tickets import routing
from helpdesk.tickets import services as tickets
from helpdesk.tickets.enums import Audience
from helpdesk.triage.api import SUGGESTIONS_A_MINUTE
from helpdesk.triage.services import attempts
from helpdesk.triage.services.suggesting import Suggestions, suggest
from helpdesk.web.converters import row_number
from helpdesk.web.marks import public, signed_in
from helpdesk.web.security import limiter

bp = Blueprint("ask", __name__, url_prefix="/ask")

SUGGEST_LENGTH = 2_000  # characters of a question that are looked at
ASKS_PER_HOUR = 30


@bp.get("")
@public
@limiter.limit(SUGGESTIONS_A_MINUTE, exempt_when=lambda: not request.args.get("q"))
def ask() -> ResponseReturnValue:
    """The empty form; a question that comes with the address is looked up at once."""
    form = AskForm(formdata=None, attempt=secrets.token_hex(16))
    form.title.data = request.args.get("q", "")[:200]
    clause = request.args.get("clause", "")[:60]
    if clause:
        form.body.data = f"About {clause}: "
    if request.args.get("to") == "helpdesk":
        form.audience.data = HELPDESK
    found = look(form.title.data, form.attempt.data or "") if form.title.data else None
    return show(form, found)


def show(form: AskForm, found: Suggestions | None = None, sentence: str = "") -> str:
    form.offer(current_user())
    about = {kind: text for kind, (_, text) in AUDIENCES.items()}
    found = found if found and found.is_sought else None  # one or two words are not looked up
    terms = memory.asked_about(_typed(form))
    return render_template("portal/ask.html", form=form, found=found, terms=terms, about=about, sentence=sentence)


@bp.get("/suggestions")
@public
@limiter.limit(SUGGESTIONS_A_MINUTE)
def suggestions() -> ResponseReturnValue:
    """The list alone, for the page to put beside the box while a person types."""
    text = request.args.get("q", "")[:SUGGEST_LENGTH]
    found = look(text, request.args.get("attempt", ""))
    attempt, terms = request.args.get("attempt", "")[:64], memory.asked_about(text)
    return render_template("portal/_suggestions.html", found=found, terms=terms, attempt=attempt)


def look(text: str, token: str) -> Suggestions:
    """Suggest for `text`; what was offered is remembered under the form's token."""
    actor = current_user()
    with reading() as db:
        found = suggest(db, actor, text)
    if token and found.is_sought:
        with unit_of_work() as db:
            attempts.remember(db, actor, token[:64], text, found)
    return found


@bp.post("/check")
@public
@limiter.limit(SUGGESTIONS_A_MINUTE)
def check() -> ResponseReturnValue:
    """The list as a step of its own, for browsers without scripts."""
    form = AskForm()
    return show(form, look(_typed(form), form.attempt.data or ""))


def _typed(form: AskForm) -> str:
    """As much of the question as is looked at."""
    return f"{form.title.data or ''}\n{form.body.data or ''}"[:SUGGEST_LENGTH]


@bp.post("")
@signed_in
def send() -> ResponseReturnValue:
    form = AskForm()
    actor = current_user()
    form.offer(actor)
    text = f"{form.title.data or ''}\n{form.body.data or ''}"
    if not form.validate_on_submit():
        return show(form), 422
    if form.audience.data == COMMUNITY and (rule := routing.match(text)) and rule.is_restricted:
        form.audience.data = HELPDESK
        return show(form, sentence=rule.refusal), 422
    with unit_of_work() as db:
        throttle.count(db, "ask", str(actor.id), limit=ASKS_PER_HOUR, minutes=60)
        done = once.claim(db, form.once.data)
        if done is None:
            done = create(db, actor, form)
            once.settle(db, form.once.data, done)
    return redirect(done)


def create(db: Session, actor: Actor, form: AskForm) -> str:
    """Make the question or the ticket, end the attempt, and return the address of what was made."""
    token, title, body = form.attempt.data or "", form.title.data or "", form.body.data or ""
    accounts.drop_draft(db, actor, "ask")
    if form.audience.data == COMMUNITY:
        question = community.ask(db, actor, title=title, body=body or title, is_public=form.is_public.data)
        attempts.finish(db, actor, token, question_id=question.id)
        flash(
            "Your question is with the community and the helpdesk. You will get an e-mail when it is answered.",
            "success",
        )
        return question.path
    audience = Audience.HELPDESK if form.audience.data == HELPDESK else Audience.ORGANISATION
    ticket = tickets.open_ticket(
        db, actor, subject=title, body=body or title, audience=audience, attachments=store(db, actor, form)
    )
    attempts.finish(db, actor, token, ticket_id=ticket.id)
    return f"/tickets/{ticket.reference}/received"


def store(db: Session, actor: Actor, form: AskForm) -> list[FileRow]:
    files: FileStore = current_app.extensions["signpost.files"]
    return [
        files.save(db, actor, sent.filename, sent.stream) for sent in form.files.data or () if sent and sent.filename
    ]


@bp.get("/open/<token>/<kind>/<int:object_id>")
@public
def open_item(token: str, kind: str, object_id: int) -> ResponseReturnValue:
    """Count that a suggestion was opened, and go there."""
    actor = current_user()
    with unit_of_work() as db:
        cards = source(kind).cards(db, actor, [object_id])
        if not cards:
            raise NotFound("This text is not here any more.")
        attempts.opened(db, actor, token[:64], kind, object_id)
    return redirect(cards[0].url)


@bp.post("/answered")
@public
def answered() -> ResponseReturnValue:
    """“This answered me”: the attempt ends, and is counted."""
    kind, _, number = request.form.get("item", "").partition(":")
    object_id, actor = row_number(number), current_user()
    if object_id is None:
        raise Invalid("Choose which text answered you.")
    with unit_of_work() as db:
        cards = source(kind).cards(db, actor, [object_id])
        if not cards:
            raise NotFound("This text is not here any more.")
        attempts.confirm(db, actor, request.form.get("attempt", "")[:64], kind, object_id)
        if actor.is_authenticated:
            accounts.drop_draft(db, actor, "ask")
    return render_template("portal/answered.html", card=cards[0])
