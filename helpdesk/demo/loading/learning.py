"""What the machine makes of it all: vectors, models, predictions, topics and figures."""

from collections.abc import Callable
from pathlib import Path

from helpdesk.analytics import services as analytics
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.kernel import jobs, sources
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import SYSTEM
from helpdesk.triage import engine
from helpdesk.triage.services import grouping, indexing
from helpdesk.triage.services.training import run

LEARNED = 1_500  # newest enquiries; the models are ready in half a minute, and more gain nothing on generated words


def embed(plan: Plan, progress: Progress) -> None:
    """Vectors of every text; without an encoder words alone are searched."""
    using = engine.loaded()
    if using.encoder is not None:
        for source in sources.all_sources():
            indexing.embed_pending(source.kind, using.encoder, progress)


def learner(folder: Path, say: Callable[[str], object]) -> Callable[[Plan, Progress], None]:
    """The step that trains topic and priority on the year's tickets and keeps the models in `folder`."""

    def learn(plan: Plan, progress: Progress) -> None:
        lines: list[str] = []

        def tick(line: str) -> None:
            lines.append(line)
            progress(1)

        try:
            if not run.train(SYSTEM, engine.loaded(), folder, [run.TRIAGE], limit=LEARNED, say=tick):
                say(lines[-1])  # why there is no model
        except Invalid as problem:  # no encoder: predictions wait until there is one
            say(str(problem))

    return learn


def catch_up(plan: Plan, progress: Progress) -> None:
    """What the worker would do first: predictions, backlinks, attempts that came back."""
    progress(jobs.run_waiting())


def find_topics(plan: Plan, progress: Progress) -> None:
    """The topics among what came in."""
    using = engine.loaded()
    if using.encoder is not None:
        progress(grouping.run(using))


def draw_curve(plan: Plan, progress: Progress) -> None:
    """What other thresholds would have meant for the year's attempts."""
    progress(int(run.draw_curve(engine.loaded())))


def make_figures(plan: Plan, progress: Progress) -> None:
    with unit_of_work() as db:
        analytics.refresh(db)
