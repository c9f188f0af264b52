"""Work of the rulebook outside the request."""

from helpdesk.kernel.db import unit_of_work
from helpdesk.rulebook import services


def rebuild_citations() -> None:
    """The code changed, so that citations may now lead elsewhere."""
    with unit_of_work() as db:
        services.rebuild_citations(db)
