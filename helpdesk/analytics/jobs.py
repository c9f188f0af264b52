"""Work outside the request."""

from helpdesk.analytics import services
from helpdesk.kernel.db import unit_of_work


def refresh() -> None:
    """Remake the figures; one such job waits at a time."""
    with unit_of_work() as db:
        services.refresh(db)
