"""Work outside the request: embeddings, predictions, attempts, topics. Each may run twice harmlessly."""

from helpdesk.kernel.db import unit_of_work
from helpdesk.triage import engine
from helpdesk.triage.services import attempts, grouping, indexing, joining, predicting
from helpdesk.triage.services.training import run


def index(kind: str) -> None:
    """Embed what changed of one kind, and put what is new into its topic."""
    using = engine.loaded()
    if using.encoder is not None:
        indexing.embed_pending(kind, using.encoder)
        joining.join(kind, using.encoder.name)


def predict() -> None:
    """Predict topic, priority and queue of every unsolved ticket that has no prediction."""
    using = engine.loaded()
    while True:
        with unit_of_work() as db:
            ids = predicting.unpredicted(db)
            if predicting.predict(db, using, ids) == 0:
                return


def returned(attempt_id: int) -> None:
    with unit_of_work() as db:
        attempts.mark_returned(db, attempt_id, engine.loaded().encoder)


def presume() -> None:
    with unit_of_work() as db:
        attempts.presume(db)


def group() -> None:
    """Find the topics of incoming questions and tickets anew."""
    using = engine.loaded()
    if using.encoder is not None:
        grouping.run(using)


def curve() -> None:
    """Count what other thresholds would mean for the questions that people judged."""
    run.draw_curve(engine.loaded())
