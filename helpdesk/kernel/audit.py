"""The audit log: rows are added, never changed."""

from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel.models import AuditRow
from helpdesk.kernel.policy import Actor


def record(
    db: Session, actor: Actor, action: str, kind: str = "", subject_id: int | None = None, **details: Any
) -> None:
    """Note that `actor` did `action` ("ticket.assigned") to one subject. Details are ids and plain values."""
    db.add(
        AuditRow(
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            subject_kind=kind,
            subject_id=subject_id,
            details=details,
        )
    )
