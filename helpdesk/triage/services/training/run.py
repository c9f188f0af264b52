"""`train`: fits challengers, one training at a time, and lets each take over that is better on later rows."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from sqlalchemy import func, select

from helpdesk.kernel.db import reading
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor
from helpdesk.triage.engine import CONFIDENCE, RANKING, Engine
from helpdesk.triage.models import Judgement
from helpdesk.triage.services.models import ENCODER
from helpdesk.triage.services.training import curve, tickets
from helpdesk.triage.services.training.alone import Say, one_at_a_time
from helpdesk.triage.services.training.keeping import Challenger, TooFew, Trained, keep, sweep
from helpdesk.triage.services.training.practice import Practice, practise

TRIAGE = "triage"
WHATS = (TRIAGE, RANKING, CONFIDENCE)  # in this order: probabilities are of what the order puts first
SWITCH = (
    "To switch: HELPDESK_ENCODER={}, and start anew. Then run `train`: topics belong to the encoder that they were "
    "learned with, and until then none is predicted; probabilities stay those of the encoder before."
)
EVERY = (*WHATS, ENCODER)  # the last one takes long and the training packages, and is asked for by name


def train(
    actor: Actor,
    using: Engine,
    folder: Path,
    whats: Sequence[str] = WHATS,
    *,
    limit: int | None = None,
    say: Say = print,
) -> list[Trained]:
    """Fit challengers for `whats`, keep them below `folder`, and promote each that is better beyond noise.

    What there is too little to learn from is said and left out.

    Args:
        actor: who trains.
        using: the models in use.
        folder: where models are kept.
        whats: of EVERY.
        limit: newest rows of each kind to learn from; each kind's own by default.
        say: takes sentences of what goes on.

    Raises:
        Invalid: the encoder is missing, or a model cannot be written.
    """
    if using.encoder is None:
        raise Invalid(using.problem)
    trained: list[Trained] = []
    practice = cache(partial(practise, using.encoder))
    with one_at_a_time(folder, say):
        sweep(folder)
        for what in whats:
            with reading() as db:
                using.follow(db, in_request=False)
            try:
                for challenger in _challengers(what, using, practice, folder, limit, say):
                    trained.append(keep(actor, folder, challenger))
                    say(f"{trained[-1].name}: {trained[-1].verdict}")
                    if challenger.what == ENCODER and challenger.is_better:
                        say(SWITCH.format(trained[-1].name))
            except TooFew as few:
                say(f"{what}: {few}")
        if set(whats) & {RANKING, CONFIDENCE}:
            _draw(using, practice())
    return trained


def draw_curve(using: Engine) -> bool:
    """Count the curve of thresholds anew; whether there were judged questions enough."""
    if using.encoder is None:
        return False
    with reading() as db:
        count = db.scalar(select(func.count()).select_from(Judgement)) or 0
    # Reading every text takes a large site half a minute, and is not begun for nothing.
    return count >= curve.FEWEST and _draw(using, practise(using.encoder, limit=curve.LIMIT))


def _draw(using: Engine, practice: Practice) -> bool:
    with reading() as db:
        using.follow(db, in_request=False)
    return using.can_rate and curve.draw(using, practice)


def _challengers(
    what: str, using: Engine, practice: Callable[[], Practice], folder: Path, limit: int | None, say: Say
) -> Iterator[Challenger]:
    # They bring what only learns with them, which a web process, whose jobs and commands import this, never loads.
    from helpdesk.triage.services.training import confidence, encoder, ranking  # noqa: PLC0415

    if what == TRIAGE:
        yield from tickets.learn(using, say, limit=limit or tickets.LIMIT)
    elif what == RANKING:
        yield ranking.learn(using, practice(), say, limit=limit or ranking.LIMIT)
    elif what == ENCODER:
        with encoder.learn(using, practice(), folder, say, limit=limit or encoder.LIMIT) as challenger:
            yield challenger
    else:
        yield confidence.learn(using, practice(), say, limit=limit or confidence.LIMIT)
