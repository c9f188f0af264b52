"""Tickets that grow from questions of the community."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.community import moderation
from helpdesk.community.models import Question
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.policy import Actor, require
from helpdesk.tickets import records, services
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.policy import RULES, Can


def open_from_question(db: Session, actor: Actor, question: Question, at: datetime | None = None) -> Ticket:
    """Open a ticket for who asked a community question. The question stays, unless a rule restricts its matter.

    Raises:
        Forbidden: `actor` is not staff.
        Conflict: it has a ticket already.
    """
    require(RULES, actor, Can.OPEN_FOR_OTHERS)
    db.refresh(question, ["ticket_id"], with_for_update=True)  # two agents may press the button at once
    if question.ticket_id is not None:
        raise Conflict("This question has become a ticket already.")
    ticket = services.open_ticket(
        db,
        actor,
        subject=question.title,
        body=question.body[: services.BODY_LENGTH],
        body_format=question.body_format,
        requester_id=question.author_id,
        requester_name=question.author_name or "Somebody from the community",
        organisation_id=question.organisation_id,
        topic=question.topic or None,
        at=at,
    )
    ticket.question_id, question.ticket_id = question.id, ticket.id
    records.change(db, actor, ticket, "question", "", question.title, at)
    if ticket.queue.is_restricted:
        moderation.hide(db, actor, question)
    return ticket
