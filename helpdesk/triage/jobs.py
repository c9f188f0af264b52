"""Work outside the request: embeddings, predictions, attempts, topics. Each may run twice harmlessly."""

import time

from helpdesk.kernel import jobs, sources
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.triage import engine
from helpdesk.triage.services import attempts, grouping, indexing, joining, predicting
from helpdesk.triage.services.training import run

TURN_SECONDS = 60  # of embedding with a new encoder in one job


def index(kind: str) -> None:
    """Embed what changed of one kind, and put what is new into its topic."""
    using = engine.up_to_date()
    if using.encoder is not None:
        indexing.embed_pending(kind, using.encoder)
        joining.join(kind, using.encoder.name)


def mend() -> None:
    """Bring every index to its table, whatever was missed."""
    kinds = [source.kind for source in sources.all_sources()]
    for kind in kinds:
        indexing.mend(kind)
    using = engine.up_to_date()
    if using.encoder is not None:
        for kind in kinds:
            indexing.embed_pending(kind, using.encoder)
    if using.coming is None and using.encoder is not None:
        indexing.settle(using.encoder.name)
    elif using.coming is not None:
        with unit_of_work() as db:
            jobs.enqueue(db, "triage.turn", key="triage.turn")


def turn() -> None:
    """Go on for a while with the vectors of a new encoder, and turn to it once they are complete.

    Mail and new questions must not wait for a whole site to be embedded: what is left is the next job's.
    """
    using, until = engine.up_to_date(), time.monotonic() + TURN_SECONDS
    if using.coming is None:
        return
    for source in sources.all_sources():
        indexing.embed_pending(source.kind, using.coming, until=until)
    if indexing.settle(using.coming.name):
        engine.renew()
    elif time.monotonic() >= until:
        with unit_of_work() as db:
            jobs.enqueue(db, "triage.turn", key="triage.turn")


def predict() -> None:
    """Predict topic, priority and queue of every unsolved ticket that has no prediction."""
    using = engine.loaded()
    while True:
        with reading() as db:
            foreseen = predicting.foresee(db, using, predicting.unpredicted(db))
        with unit_of_work() as db:
            if predicting.keep(db, foreseen) == 0:
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
