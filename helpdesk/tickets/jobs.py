"""Work on tickets that the worker does."""

from helpdesk.kernel import once
from helpdesk.kernel.db import unit_of_work
from helpdesk.tickets import notices


def notify(
    ticket_id: int, occasion: str, message_id: int | None = None, by_id: int | None = None, *, token: str
) -> None:
    """Promise the mails of one occasion; the second run of one `token` does nothing."""
    with unit_of_work() as db:
        if once.claim(db, token) is None:
            notices.send(db, ticket_id, occasion, message_id, by_id)
