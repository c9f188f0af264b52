"""What the rulebook does when something happens elsewhere."""

from sqlalchemy.orm import Session

from helpdesk.kernel.events import ContentChanged
from helpdesk.rulebook import citing


def keep_citations(db: Session, event: ContentChanged) -> None:
    """The clauses that changed texts cite, kept in the same transaction."""
    citing.keep(db, event.kind, event.ids)
