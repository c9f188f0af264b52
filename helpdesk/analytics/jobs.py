"""Work outside the request."""

from helpdesk.analytics import services
from helpdesk.kernel.db import reading, unit_of_work


def refresh() -> None:
    """Remake the figures; one such job waits at a time. Others may write while every ticket is read."""
    with reading() as db:
        found = services.measure(db)
    with unit_of_work() as db:
        services.keep(db, found)
