"""Learns topic and priority of tickets from what people settled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from helpdesk.kernel.db import reading
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation.bootstrap import paired_difference
from helpdesk.nlp.evaluation.metrics import calibration_error
from helpdesk.nlp.manifest import text_digest, versions
from helpdesk.nlp.topics import FEWEST as FEWEST_LEARNED
from helpdesk.nlp.topics import TopicClassifier
from helpdesk.triage.engine import Engine
from helpdesk.triage.services.predicting import PRIORITY, TOPIC, Labelled, labelled, model_in_use
from helpdesk.triage.services.training.alone import Say
from helpdesk.triage.services.training.keeping import Challenger, enough

LIMIT = 6_000  # newest tickets; more gain little and take minutes
HELD_OUT = 0.2  # share of the newest tickets that measure and are not learned from
FEWEST = 100  # labelled tickets below which there is nothing to learn
FEWEST_OF_A_LABEL = 5
SEED = 0


@dataclass(frozen=True)
class Lesson:
    """Texts, vectors (float32, shape (n, d)) and labels, split by time."""

    texts: Sequence[str]
    wordings: Sequence[str]
    """What the vectors are of."""
    vectors: Vectors
    labels: Sequence[str]
    cut: int

    @property
    def learned(self) -> slice:
        return slice(0, self.cut)

    @property
    def held(self) -> slice:
        return slice(self.cut, len(self.texts))


def learn(using: Engine, say: Say, *, limit: int = LIMIT) -> Iterator[Challenger]:
    """A challenger for topic and one for priority, from the newest `limit` tickets.

    Raises:
        TooFew: too few tickets have a settled topic.
    """
    with reading() as db:
        rows = labelled(db, using.model, limit)
    enough(len(rows), FEWEST, "tickets have a settled topic")
    vectors = np.stack([row.vector for row in rows])
    for what in (TOPIC, PRIORITY):
        lesson = lesson_of(rows, vectors, [getattr(row, what) for row in rows])
        if lesson is None:
            say(f"{what}: nothing to tell apart; left as it is.")
            continue
        say(f"{what}: learning from {lesson.cut} tickets…")
        yield _challenger(using, what, lesson, rows[lesson.cut - 1].opened_at)


def lesson_of(rows: Sequence[Labelled], vectors: Vectors, labels: Sequence[str]) -> Lesson | None:
    """The rows whose label is frequent enough, the newest fifth held out; None when fewer than two are learned from."""
    counts = Counter(labels)
    kept = [at for at, label in enumerate(labels) if counts[label] >= FEWEST_OF_A_LABEL]
    cut = round(len(kept) * (1 - HELD_OUT))
    learned = Counter(labels[at] for at in kept[:cut])
    if sum(count >= FEWEST_LEARNED for count in learned.values()) < 2:
        return None
    texts, wordings = [rows[at].text for at in kept], [rows[at].wording for at in kept]
    return Lesson(texts, wordings, vectors[kept], [labels[at] for at in kept], cut)


def _challenger(using: Engine, what: str, lesson: Lesson, until: datetime) -> Challenger:
    made = taught(lesson)
    with reading() as db:
        chosen = model_in_use(db, using, what)
    is_right = hits(made, lesson).astype(np.float64)
    before = None if chosen is None else hits(chosen[1], lesson).astype(np.float64)
    metrics = measure(made, lesson)
    if before is not None:
        metrics["before"] = round(float(before.mean()), 4)
    return Challenger(
        what=what,
        save=partial(TopicClassifier.save, made),
        metrics=metrics,
        difference=None if before is None else paired_difference(before, is_right, seed=SEED),
        data={"tickets": text_digest(lesson.texts[lesson.learned])},
        parameters={"encoder": using.model, "until": until.isoformat()},
        seed=SEED,
        versions=versions("scikit-learn", "skops"),
    )


def taught(lesson: Lesson) -> TopicClassifier:
    """A classifier that learned from the earlier rows."""
    own = lesson.learned
    return TopicClassifier(seed=SEED).fit(list(lesson.texts[own]), lesson.vectors[own], list(lesson.labels[own]))


def hits(classifier: TopicClassifier, lesson: Lesson) -> npt.NDArray[np.bool_]:
    """Whether the first choice is right, for each held-out row."""
    probabilities = classifier.predict_proba(list(lesson.texts[lesson.held]), lesson.vectors[lesson.held])
    first = classifier.labels_[np.argmax(probabilities, axis=1)]
    return np.asarray(first == np.array(lesson.labels[lesson.held], dtype=np.str_))


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
