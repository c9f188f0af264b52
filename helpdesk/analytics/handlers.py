"""Whatever changes a figure asks for new ones, at most twice a minute."""

from sqlalchemy.orm import Session

from helpdesk.kernel import jobs
from helpdesk.kernel.events import Event

REFRESH_DELAY_SECONDS = 30


def keep_figures(db: Session, _event: Event) -> None:
    jobs.enqueue(db, "analytics.refresh", key="analytics.refresh", delay_seconds=REFRESH_DELAY_SECONDS)
