"""Panels that other domains' pages leave a slot for."""

from typing import Any

from flask import render_template

from helpdesk.accounts.signin import current_user
from helpdesk.kernel.db import reading
from helpdesk.triage.services.related import related

BESIDE_TICKET = ("ticket", "answer", "clause")
BESIDE_QUESTION = ("question", "answer", "clause")


def ticket_sidebar(*, ticket: Any, **_context: Any) -> str:
    """The nearest past tickets, answers and clauses, for staff."""
    if not current_user().is_staff:
        return ""
    return _related("ticket", ticket.id, BESIDE_TICKET)


def question_related(*, question: Any, **_context: Any) -> str:
    """Questions, answers and clauses near a community question."""
    return _related("question", question.id, BESIDE_QUESTION)


def answer_related(*, answer: Any, **_context: Any) -> str:
    """Questions and clauses near a published answer."""
    return _related("answer", answer.id, ("answer", "question", "clause"))


def new_ticket(**_context: Any) -> str:
    """Where suggestions appear while an agent types what a caller asks."""
    return render_template("triage/_new_ticket.html")


def _related(kind: str, object_id: int, kinds: tuple[str, ...]) -> str:
    with reading() as db:
        found = related(db, current_user(), kind, object_id, kinds=kinds)
    return render_template("triage/_related.html", found=found, kinds=kinds) if found else ""
