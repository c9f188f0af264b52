"""Jobs: rows written with the change that needs them, run later by the worker."""

import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.kernel import clock
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.models import JobRow

log = structlog.get_logger()

MAX_ATTEMPTS = 5
FIRST_RETRY_SECONDS = 30  # doubled after every failure
STALE_AFTER_MINUTES = 15  # a job handed out this long ago died with its worker

Job = Callable[..., None]

_jobs: Mapping[str, Job] = {}


def install(jobs: Mapping[str, Job]) -> None:
    """Say which names can be run in this process; `app.py` holds the table."""
    global _jobs  # noqa: PLW0603 - the table is assembled once, by the application
    _jobs = jobs


def enqueue(db: Session, name: str, *, key: str | None = None, delay_seconds: float = 0, **arguments: Any) -> None:
    """Write a job in the caller's transaction: both happen or neither.

    With a `key`, a second job of that key is not written while the first still waits.
    """
    if key is not None:
        if any(isinstance(row, JobRow) and row.key == key for row in db.new):
            return
        waiting = select(JobRow.id).where(JobRow.key == key, JobRow.state == "waiting").limit(1)
        with db.no_autoflush:  # jobs not written yet were looked at above; bulk work asks this at every row
            is_waiting = db.scalar(waiting) is not None
        if is_waiting:
            return
    run_at = clock.now() + timedelta(seconds=delay_seconds)
    db.add(JobRow(name=name, key=key, arguments=arguments, run_at=run_at))


def take_due(db: Session, limit: int = 100) -> list[int]:
    """Mark the due jobs as handed over and return their ids, oldest first; stale ones come back."""
    now = clock.now()
    stale = now - timedelta(minutes=STALE_AFTER_MINUTES)
    db.execute(
        update(JobRow).where(JobRow.state.in_(["handed", "running"]), JobRow.started_at < stale).values(state="waiting")
    )
    due = (
        select(JobRow.id)
        .where(JobRow.state == "waiting", JobRow.run_at <= now)
        .order_by(JobRow.run_at, JobRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(db.scalars(due))
    if ids:
        db.execute(update(JobRow).where(JobRow.id.in_(ids)).values(state="handed", started_at=now))
    return ids


def run(job_id: int) -> None:
    """Run one job in its own units of work and record how it ended. Never raises."""
    with unit_of_work() as db:
        row = db.get(JobRow, job_id)
        if row is None or row.state not in {"waiting", "handed"}:
            return
        row.state, row.started_at, row.attempts = "running", clock.now(), row.attempts + 1
        name, arguments = row.name, dict(row.arguments)
    error = _attempt(job_id, name, arguments)
    with unit_of_work() as db:
        row = db.get_one(JobRow, job_id)
        row.finished_at, row.error = clock.now(), error
        if not error:
            row.state = "done"
        elif row.attempts >= MAX_ATTEMPTS:
            row.state = "failed"
        else:
            row.state = "waiting"
            row.run_at = clock.now() + timedelta(seconds=FIRST_RETRY_SECONDS * 2 ** (row.attempts - 1))


def _attempt(job_id: int, name: str, arguments: dict[str, Any]) -> str:
    with structlog.contextvars.bound_contextvars(job_id=job_id, job=name):
        try:
            _jobs[name](**arguments)
        except Exception:  # whatever a job raises is written to its row, shown on the jobs page and retried
            log.exception("job_failed")
            return traceback.format_exc(limit=-6)
        log.info("job_done")
        return ""


def run_waiting(limit: int = 10_000) -> int:
    """Run what is due in this process, until nothing is; for tests, commands and the demonstration."""
    done = 0
    while done < limit:
        with unit_of_work() as db:
            ids = take_due(db)
        if not ids:
            break
        for job_id in ids:
            run(job_id)
        done += len(ids)
    return done


def retry(db: Session, job_id: int) -> None:
    """Put a failed job back in the queue.

    Raises:
        NotFound: there is no such failed job.
    """
    row = db.get(JobRow, job_id)
    if row is None or row.state != "failed":
        raise NotFound("This job is not waiting for a retry.")
    row.state, row.run_at, row.attempts = "waiting", clock.now(), 0
