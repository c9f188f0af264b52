"""Learns how probable it is that a suggestion answers, from questions of which people showed what did."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from helpdesk.kernel.db import reading
from helpdesk.nlp.calibrate import Lists, Replay, fit_curve, replay
from helpdesk.nlp.confidence import COMPETING, FEATURES, Confidence, Curve, Doubles
from helpdesk.nlp.evaluation.bootstrap import paired_difference
from helpdesk.nlp.evaluation.metrics import calibration_error, calibration_error_by_chance
from helpdesk.nlp.lessons import FOLDS, Places, led_by
from helpdesk.nlp.manifest import text_digest, versions
from helpdesk.nlp.ranking import matching_of
from helpdesk.nlp.suggest import Shelf, Suggester
from helpdesk.triage.engine import CONFIDENCE, RANKING, Engine
from helpdesk.triage.services.models import champion
from helpdesk.triage.services.training.alone import Say
from helpdesk.triage.services.training.keeping import Challenger, TooFew, enough
from helpdesk.triage.services.training.practice import Practice, split
from helpdesk.triage.services.training.ranking import UNTIL

HELD_OUT = 0.1  # share of the newest questions that measure; those before them are new to the order, which kept a fifth
LIMIT = 4_000  # newest judged questions; a dozen weights need no more
FEWEST = 500
FEWEST_OF_A_CURVE = 50  # suggestions that were right, and as many that were not
LEAST = 1e-6  # probability; nobody loses more than its logarithm by being sure and wrong
SEED = 0


@dataclass(frozen=True)
class Outcome:
    """What a model said of the suggestions that each question was shown, and which of them were right."""

    probabilities: Sequence[Doubles]
    is_right: Sequence[npt.NDArray[np.bool_]]

    @property
    def loss(self) -> Doubles:
        """Mean negative log-likelihood of each question's suggestions, shape (questions,)."""
        pairs = zip(self.probabilities, self.is_right, strict=True)
        return np.array(
            [-np.log(np.maximum(np.where(right, given, 1 - given), LEAST)).mean() for given, right in pairs]
        )

    def figures(self) -> dict[str, float]:
        given, right = np.concatenate(self.probabilities), np.concatenate(self.is_right)
        found = {
            "log_loss": float(self.loss.mean()),
            "brier": float(((given - right) ** 2).mean()),
            "ece": calibration_error(given, right),
            "ece_by_chance": calibration_error_by_chance(given),
        }
        return {name: round(value, 4) for name, value in found.items()}


def learn(using: Engine, practice: Practice, say: Say, *, limit: int = LIMIT) -> Challenger:
    """A challenger for the probabilities, from questions that were answered and from those that were not.

    Raises:
        TooFew: too few questions were judged.
    """
    every = np.arange(len(practice.questions))[-limit:]
    enough(len(every), FEWEST, "questions were judged")
    older, later = split(every, HELD_OUT)
    say(f"{CONFIDENCE}: learning from {len(older)} questions, measuring with {len(later)} later ones…")
    learned = _curves(using, practice, older, _until(using))
    if not learned:
        raise TooFew(
            f"Of no way of matching were {FEWEST_OF_A_CURVE} suggestions right and {FEWEST_OF_A_CURVE} wrong; so many "
            "are needed to learn from."
        )
    confidence = Confidence({**using.confidence.curves, **learned})
    before, after = _outcomes(using, practice, older, later, (using.confidence, confidence))
    enough(len(before.is_right), 1, "of the later questions can be measured with")
    figures = {**after.figures(), **{f"{name}_before": value for name, value in before.figures().items()}}
    return Challenger(
        what=CONFIDENCE,
        save=partial(Confidence.save, confidence),
        metrics={**figures, "learned_from": len(older), "measured_on": len(later)},
        difference=paired_difference(-before.loss, -after.loss, seed=SEED),
        data={"questions": text_digest(practice.lessons.of(older).queries)},
        parameters={"features": list(FEATURES), "encoder": using.base, "learned": sorted(learned)},
        seed=SEED,
        versions=versions("scikit-learn", "scipy", "numpy"),
    )


def _until(using: Engine) -> str:
    """Up to when questions taught the order in use, if it was made here: it is too sure of what answers these."""
    if using.ranker is using.shipped[0]:  # also where what was promoted is of an earlier version and not used
        return ""
    with reading() as db:
        order = champion(db, RANKING)
    return str(order.metrics.get(UNTIL, "")) if order else ""


def _curves(using: Engine, practice: Practice, places: Places, until: str) -> dict[str, Curve]:
    """A curve for each way of matching of which there is enough to learn from."""
    lists: dict[str, Lists] = {}
    lessons = practice.lessons.of(places)
    for fold in range(FOLDS):
        led = led_by(practice.shelves, lessons.of(np.flatnonzero(lessons.folds != fold)))
        for shelf in led:
            matching = matching_of(shelf.kind)
            own = [at for at in places[lessons.folds == fold] if _speaks_of(practice, int(at), shelf.kind)]
            if matching == "passage":
                own = [at for at in own if practice.questions[at].at.isoformat() > until]
            found = replay(_alone(using, shelf), _questions(practice, own, shelf.kind))
            lists.setdefault(matching, Lists()).add(found)
    return {name: fit_curve(name, some) for name, some in lists.items() if _is_enough(some.is_right)}


def _is_enough(is_right: Sequence[npt.NDArray[np.bool_]]) -> bool:
    flat = np.concatenate([np.zeros(0, dtype=np.bool_), *is_right])
    return bool(min(flat.sum(), (~flat).sum()) >= FEWEST_OF_A_CURVE)


def _alone(using: Engine, shelf: Shelf) -> Suggester:
    """Probabilities are of one kind's items among themselves."""
    return Suggester(using.encoder, [shelf], using.ranker, Confidence({}))  # type: ignore[arg-type]


def _speaks_of(practice: Practice, at: int, kind: str) -> bool:
    """Whether anybody judged an item of this kind for the question; else nothing is known of its suggestions."""
    one = practice.questions[at]
    return any(found == kind for found, _ in (*one.right, *one.wrong))


def _questions(practice: Practice, places: Sequence[int], kind: str) -> Replay:
    some = practice.lessons.of(np.array(places, dtype=np.int64))
    right = [frozenset(item for found, item in items if found == kind) for items in some.right]
    return Replay(some.queries, some.vectors, right)


def _outcomes(
    using: Engine, practice: Practice, older: Places, later: Places, models: Sequence[Confidence]
) -> list[Outcome]:
    """How well each model knew of the first suggestions of each kind whether they were right."""
    given: list[list[Doubles]] = [[] for _ in models]
    is_right: list[npt.NDArray[np.bool_]] = []
    for shelf in led_by(practice.shelves, practice.lessons.of(older)):
        suggester = _alone(using, shelf)
        asked = _questions(practice, [at for at in later if _speaks_of(practice, int(at), shelf.kind)], shelf.kind)
        for query, vector, right in zip(asked.queries, asked.vectors, asked.right, strict=True):
            found = suggester.candidates(query, vector)
            first = np.argsort(-suggester.ranker.scores(found), kind="stable")[:COMPETING]
            if not len(first):
                continue
            is_right.append(np.array([found[at].id in right for at in first], dtype=np.bool_))
            for one, model in zip(given, models, strict=True):
                one.append(model.probabilities(found)[first])
    return [Outcome(one, is_right) for one in given]
