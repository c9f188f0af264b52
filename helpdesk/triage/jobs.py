"""Work outside the request: embeddings, predictions, attempts, topics. Each may run twice harmlessly."""

from helpdesk.kernel import sources
from helpdesk.kernel.db import unit_of_work
from helpdesk.triage import engine
from helpdesk.triage.services import attempts, grouping, indexing, joining, predicting
from helpdesk.triage.services.training import run


def index(kind: str) -> None:
    """Embed what changed of one kind, and put what is new into its topic."""
    using = engine.loaded()
    for encoder in using.encoders:
        indexing.embed_pending(kind, encoder)
    if using.encoder is not None:
        joining.join(kind, using.encoder.name)


def mend() -> None:
    """Bring every index to its table, whatever was missed, and go on with the vectors of a new encoder."""
    kinds = [source.kind for source in sources.all_sources()]
    for kind in kinds:
        indexing.mend(kind)
    using = engine.loaded()
    for encoder in using.encoders:
        for kind in kinds:
            indexing.embed_pending(kind, encoder)
    if using.encoders and indexing.settle(using.encoders[-1].name) and using.coming is not None:
        engine.renew()


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
