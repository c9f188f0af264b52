"""What lies near a ticket, a question or an answer: a part of their pages, or a page for who has no script."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.signin import current_user
from helpdesk.kernel.db import reading
from helpdesk.kernel.errors import NotFound
from helpdesk.triage.api import SUGGESTIONS_A_MINUTE
from helpdesk.triage.queries.words import cards
from helpdesk.triage.services.related import related
from helpdesk.web.marks import public
from helpdesk.web.security import limiter

bp = Blueprint("related", __name__, url_prefix="/related")

# What is shown beside an item of each kind, in this order.
BESIDE = {
    "ticket": ("ticket", "answer", "clause"),
    "question": ("question", "answer", "clause"),
    "answer": ("answer", "question", "clause"),
}


@bp.get("/<kind>/<int:object_id>")
@public
@limiter.limit(SUGGESTIONS_A_MINUTE)
def show(kind: str, object_id: int) -> ResponseReturnValue:
    """The panels alone for a page that asks for them, else a page of their own."""
    actor, kinds = current_user(), BESIDE.get(kind, ())
    if not kinds or (kind == "ticket" and not actor.is_staff):
        raise NotFound("There is nothing of that kind here.")
    with reading() as db:
        card = cards(db, actor, [(kind, object_id)]).get((kind, object_id))
        if card is None:
            raise NotFound("There is no such text, or it is not one that you may see.")
        found = related(db, actor, kind, object_id, kinds=kinds)
    template = "triage/_related.html" if "HX-Request" in request.headers else "triage/related.html"
    return render_template(template, card=card, found=found, kinds=kinds)
