"""What triage does when something happens elsewhere; handlers only write rows or enqueue."""

from sqlalchemy.orm import Session

from helpdesk.community.events import AnswerAccepted, DuplicateMarked
from helpdesk.kernel import jobs
from helpdesk.kernel.events import ContentChanged
from helpdesk.tickets.events import ClauseLinked, TicketCorrected, TicketOpened
from helpdesk.triage.enums import Origin
from helpdesk.triage.services import indexing, judging, predicting


def follow_content(db: Session, event: ContentChanged) -> None:
    """The word index follows in the same transaction; embeddings follow by a job."""
    indexing.refresh(db, event.kind, event.ids)
    judging.follow_sources(db, event.kind, event.ids)


def predict_opened(db: Session, event: TicketOpened) -> None:
    """One waiting job looks at every ticket without a prediction: an import makes one job, not thousands."""
    jobs.enqueue(db, "triage.predict", key="triage.predict")


def learn_correction(db: Session, event: TicketCorrected) -> None:
    predicting.keep_correction(db, event)


def learn_clause(db: Session, event: ClauseLinked) -> None:
    """A clause that an agent linked answers the ticket's question, until the link is taken away."""
    clause = ("clause", event.clause_id)
    if event.is_linked:
        judging.judge_from(db, Origin.LINKED, ("ticket", event.ticket_id), [clause])
    else:
        judging.withdraw(db, Origin.LINKED, event.ticket_id, clause)


def learn_accepted(db: Session, event: AnswerAccepted) -> None:
    judging.judge_accepted(db, event.question_id, event.answer_id)


def learn_duplicate(db: Session, event: DuplicateMarked) -> None:
    """The wording of a duplicate leads to the question that stays."""
    judging.withdraw(db, Origin.MERGED, event.question_id)
    if event.original_id is not None:
        survivor = ("question", event.original_id)
        judging.judge_from(db, Origin.MERGED, ("question", event.question_id), [survivor])
