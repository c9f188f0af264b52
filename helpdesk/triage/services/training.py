"""Learns topic and priority of tickets from what people settled; a better model takes over."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from helpdesk.kernel import clock
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation.metrics import calibration_error
from helpdesk.nlp.manifest import Manifest, text_digest, versions
from helpdesk.nlp.topics import TopicClassifier
from helpdesk.triage.engine import Engine
from helpdesk.triage.services import models
from helpdesk.triage.services.predicting import PRIORITY, TOPIC, Labelled, labelled, model_in_use

LIMIT = 6_000  # newest tickets; more gain little and take minutes
HELD_OUT = 0.2  # share of the newest tickets that measure and are not learned from
FEWEST = 100  # labelled tickets below which there is nothing to learn
FEWEST_OF_A_LABEL = 5
MARGIN = 0.002  # accuracy by which a challenger must be better, so that noise does not change models
SEED = 0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Lesson:
    """Texts, vectors (float32, shape (n, d)) and labels, split by time."""

    texts: Sequence[str]
    vectors: Vectors
    labels: Sequence[str]
    cut: int

    @property
    def learned(self) -> slice:
        return slice(0, self.cut)

    @property
    def held(self) -> slice:
        return slice(self.cut, len(self.texts))


@dataclass(frozen=True, slots=True)
class Trained:
    """How one training ended."""

    what: str
    name: str
    metrics: dict[str, Any]
    champion_accuracy: float | None
    is_promoted: bool


def train(actor: Actor, using: Engine, folder: Path, *, limit: int = LIMIT, say: Say = print) -> list[Trained]:
    """Fit a challenger for topic and one for priority, and promote each that is better on the newest tickets.

    Raises:
        Invalid: too few tickets have a settled topic, or the encoder is missing.
    """
    if using.encoder is None:
        raise Invalid(using.problem)
    with reading() as db:
        rows = labelled(db, using.model, limit)
    if len(rows) < FEWEST:
        raise Invalid(f"Only {len(rows)} tickets have a settled topic; at least {FEWEST} are needed to learn from.")
    vectors = np.stack([row.vector for row in rows])
    trained = []
    for what in (TOPIC, PRIORITY):
        lesson = _lesson(rows, vectors, [getattr(row, what) for row in rows])
        if lesson is None:
            say(f"{what}: nothing to tell apart; left as it is.")
            continue
        say(f"{what}: learning from {lesson.cut} tickets…")
        trained.append(_challenge(actor, using, folder, what, lesson, rows[lesson.cut - 1].opened_at))
    return trained


def _lesson(rows: Sequence[Labelled], vectors: Vectors, labels: Sequence[str]) -> Lesson | None:
    """The rows whose label is frequent enough, the newest fifth held out; None when one label is left."""
    counts = Counter(labels)
    kept = [at for at, label in enumerate(labels) if counts[label] >= FEWEST_OF_A_LABEL]
    cut = round(len(kept) * (1 - HELD_OUT))
    if len({labels[at] for at in kept[:cut]}) < 2:
        return None
    return Lesson([rows[at].text for at in kept], vectors[kept], [labels[at] for at in kept], cut)


def _challenge(actor: Actor, using: Engine, folder: Path, what: str, lesson: Lesson, until: datetime) -> Trained:
    challenger = TopicClassifier(seed=SEED).fit(
        list(lesson.texts[lesson.learned]), lesson.vectors[lesson.learned], list(lesson.labels[lesson.learned])
    )
    metrics = measure(challenger, lesson)
    name = f"{what}-{clock.now():%Y%m%d-%H%M%S}"
    challenger.save(folder / name, _manifest(name, lesson, metrics, using.encoder, until))
    with unit_of_work() as db:
        row = models.register(db, what=what, name=name, folder=folder / name, metrics=metrics)
        accuracy = _champion_accuracy(db, using, what, lesson)
        is_better = accuracy is None or metrics["accuracy"] >= accuracy + MARGIN
        if is_better:
            models.promote(db, actor, row)
    using.classifiers[folder / name] = challenger
    return Trained(what, name, metrics, accuracy, is_better)


def _champion_accuracy(db: Session, using: Engine, what: str, lesson: Lesson) -> float | None:
    chosen = model_in_use(db, using, what)
    return None if chosen is None else float(measure(chosen[1], lesson)["accuracy"])


def measure(classifier: TopicClassifier, lesson: Lesson) -> dict[str, Any]:
    """Accuracy, top three and calibration on the held-out rows."""
    truth = np.array(lesson.labels[lesson.held], dtype=np.str_)
    probabilities = classifier.predict_proba(list(lesson.texts[lesson.held]), lesson.vectors[lesson.held])
    order = np.argsort(-probabilities, axis=1, kind="stable")
    first, three = classifier.labels_[order[:, 0]], classifier.labels_[order[:, :3]]
    is_right = first == truth
    return {
        "accuracy": round(float(is_right.mean()), 4),
        "top3": round(float((three == truth[:, None]).any(axis=1).mean()), 4),
        "ece": round(calibration_error(probabilities.max(axis=1), is_right), 4),
        "learned_from": lesson.cut,
        "measured_on": len(truth),
    }


def _manifest(name: str, lesson: Lesson, metrics: dict[str, Any], encoder: Encoder | None, until: datetime) -> Manifest:
    return Manifest(
        name=name,
        data={"tickets": text_digest(lesson.texts[lesson.learned])},
        parameters={"encoder": encoder.name if encoder else "", "until": until.isoformat()},
        seed=SEED,
        metrics=metrics,
        versions=versions("scikit-learn", "skops"),
    )
