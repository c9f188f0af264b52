"""Panels that other domains' pages leave a slot for."""

from typing import Any

from flask import render_template

from helpdesk.accounts.signin import current_user


def ticket_sidebar(*, ticket: Any, **_context: Any) -> str:
    """The nearest past tickets, answers and clauses, for staff."""
    return _nearby("ticket", ticket.id) if current_user().is_staff else ""


def question_related(*, question: Any, **_context: Any) -> str:
    """Questions, answers and clauses near a community question."""
    return _nearby("question", question.id)


def answer_related(*, answer: Any, **_context: Any) -> str:
    """Questions and clauses near a published answer."""
    return _nearby("answer", answer.id)


def new_ticket(**_context: Any) -> str:
    """Where suggestions appear while an agent types what a caller asks."""
    return render_template("triage/_new_ticket.html")


def _nearby(kind: str, object_id: int) -> str:
    """A place that fills itself once the page stands: the search is not what a reader waits for."""
    return render_template("triage/_nearby.html", address=f"/related/{kind}/{object_id}")
