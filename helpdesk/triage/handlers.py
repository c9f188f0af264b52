"""What triage does when something happens elsewhere; handlers only write rows or enqueue."""

from sqlalchemy.orm import Session

from helpdesk.kernel import jobs
from helpdesk.kernel.events import ContentChanged
from helpdesk.tickets.events import TicketCorrected, TicketOpened
from helpdesk.triage.services import indexing, predicting


def follow_content(db: Session, event: ContentChanged) -> None:
    """The word index follows in the same transaction; embeddings follow by a job."""
    indexing.refresh(db, event.kind, event.ids)


def predict_opened(db: Session, event: TicketOpened) -> None:
    """One waiting job looks at every ticket without a prediction: an import makes one job, not thousands."""
    jobs.enqueue(db, "triage.predict", key="triage.predict")


def learn_correction(db: Session, event: TicketCorrected) -> None:
    predicting.keep_correction(db, event)
