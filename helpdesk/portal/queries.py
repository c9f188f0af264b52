"""What the administrator's pages show: audit rows, jobs, mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.models import AuditRow, JobRow, OutboxRow
from helpdesk.kernel.paging import Page, Window, page

WAITING = ("waiting", "handed", "running")


def audit_rows(db: Session, window: Window, action: str = "", who: str = "") -> Page[AuditRow]:
    """The audit log, newest first; `action` is a beginning ("ticket."), `who` a part of a name."""
    query = select(AuditRow).order_by(AuditRow.id.desc())
    if action:
        query = query.where(AuditRow.action.startswith(action, autoescape=True))
    if who:
        query = query.where(AuditRow.actor_name.icontains(who, autoescape=True))
    rows = db.scalars(query.offset(window.offset).limit(window.limit + 1)).all()
    return page(rows, window)


@dataclass(frozen=True, slots=True)
class JobState:
    """How the job loop is doing. Only unfinished rows are counted, and those are few."""

    waiting: int
    failed: int
    oldest_waiting_at: datetime | None


def job_state(db: Session) -> JobState:
    unfinished = select(JobRow.state, func.count(), func.min(JobRow.run_at)).where(JobRow.state != "done")
    rows = db.execute(unfinished.group_by(JobRow.state)).all()
    oldest = [at for state, _, at in rows if state in WAITING and at is not None]
    return JobState(
        waiting=sum(count for state, count, _ in rows if state in WAITING),
        failed=sum(count for state, count, _ in rows if state == "failed"),
        oldest_waiting_at=min(oldest, default=None),
    )


def job_rows(db: Session, window: Window, state: str = "") -> Page[JobRow]:
    query = select(JobRow).order_by(JobRow.id.desc())
    if state:
        query = query.where(JobRow.state.in_(WAITING) if state == "waiting" else JobRow.state == state)
    return page(db.scalars(query.offset(window.offset).limit(window.limit + 1)).all(), window)


def mail_rows(db: Session, window: Window, state: str = "", to: str = "") -> Page[OutboxRow]:
    """The outbox, newest first, without the bodies."""
    query = select(OutboxRow).options(defer(OutboxRow.html), defer(OutboxRow.text)).order_by(OutboxRow.id.desc())
    if state:
        query = query.where(OutboxRow.state == state)
    if to:
        query = query.where(OutboxRow.to_address.icontains(to, autoescape=True))
    return page(db.scalars(query.offset(window.offset).limit(window.limit + 1)).all(), window)


def mail_row(db: Session, outbox_id: int) -> OutboxRow:
    """One message.

    Raises:
        NotFound: there is none of that number.
    """
    row = db.get(OutboxRow, outbox_id)
    if row is None:
        raise NotFound("There is no such message.")
    return row
