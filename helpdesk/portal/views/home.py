"""Home, search, drafts and the checks of machines."""

from flask import Blueprint, abort, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from helpdesk.accounts import queries as people
from helpdesk.accounts import services as accounts
from helpdesk.accounts.signin import current_user
from helpdesk.community import queries as community
from helpdesk.config import Settings
from helpdesk.kernel import clock, paging
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.knowledge import queries as knowledge
from helpdesk.rulebook.resolver import memory
from helpdesk.triage.queries import groups, words
from helpdesk.web.marks import public, signed_in

bp = Blueprint("portal", __name__)

HOME_ROWS = 5
SEARCH_ROWS = 20
QUERY_LENGTH = 400  # characters
DRAFT_FIELDS = 20
DRAFT_LENGTH = 60_000  # characters of all fields together


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    actor = current_user()
    with reading() as db:
        newest = community.newest(db, actor, HOME_ROWS)
        answers = knowledge.latest(db, actor, HOME_ROWS)
        busy = groups.busy_topics(db, actor, HOME_ROWS)
    return render_template("portal/home.html", newest=newest, answers=answers, busy=busy)


@bp.get("/search")
@public
def search() -> ResponseReturnValue:
    """Everything the reader may see; an exact reference or citation leads straight to its page."""
    query = request.args.get("q", "").strip()[:QUERY_LENGTH]
    kind = request.args.get("kind", "")[:10]
    window = paging.window(request.args, SEARCH_ROWS)
    with reading() as db:
        found = words.search(db, current_user(), query, kind=kind, window=window)
    if found.exact_url and "stay" not in request.args:
        return redirect(found.exact_url)
    return render_template("portal/search.html", q=query, kind=kind, found=found, terms=memory.asked_about(query))


@bp.get("/drafts")
@signed_in
def draft() -> ResponseReturnValue:
    with reading() as db:
        found = people.draft(db, current_user(), request.args.get("key", "")[:120])
    if found is None:
        return "", 204
    return jsonify({"fields": found.fields, "saved_at": found.saved_at.isoformat()})


@bp.post("/drafts")
@signed_in
def save_draft() -> ResponseReturnValue:
    """Keep what was typed: JSON `{"key": …, "fields": {name: text, or whether a box is ticked}}`."""
    try:
        sent = request.get_json(silent=True)
    except RecursionError:  # thousands of brackets, one inside the other
        sent = None
    fields = sent.get("fields") if isinstance(sent, dict) else None
    key = sent.get("key") if isinstance(sent, dict) else None
    if not isinstance(fields, dict) or not isinstance(key, str) or not 0 < len(key) <= 120 or not key.isprintable():
        raise Invalid("A draft has a key and fields.")
    if len(fields) > DRAFT_FIELDS or sum(len(str(k)) + len(str(v)) for k, v in fields.items()) > DRAFT_LENGTH:
        raise Invalid("This draft is too long to keep.")
    kept = {str(name): value if isinstance(value, bool) else str(value) for name, value in fields.items()}
    with unit_of_work() as db:
        accounts.save_draft(db, current_user(), key, kept)
    return jsonify({"saved_at": clock.now().isoformat()})


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    return jsonify({"status": "ok"})


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    with reading() as db:
        db.execute(text("SELECT 1"))
    return jsonify({"status": "ready"})


@bp.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """For Prometheus: from this machine, or with the token of the settings."""
    settings: Settings = current_app.extensions["signpost.settings"]
    wanted = f"Bearer {settings.metrics_token}" if settings.metrics_token else None
    is_local = request.remote_addr in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
    if not is_local and (wanted is None or request.headers.get("Authorization") != wanted):
        abort(404)
    return generate_latest(), 200, {"Content-Type": CONTENT_TYPE_LATEST}
