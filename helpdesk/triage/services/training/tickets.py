"""Learns topic and priority of tickets from what people settled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from helpdesk.kernel.db import reading
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation.bootstrap import paired_difference
from helpdesk.nlp.evaluation.metrics import calibration_error
from helpdesk.nlp.jury import Batch
from helpdesk.nlp.manifest import text_digest, versions
from helpdesk.nlp.topics import FEWEST as FEWEST_LEARNED
from helpdesk.nlp.topics import TopicClassifier
from helpdesk.triage.engine import Engine
from helpdesk.triage.services.predicting import PRIORITY, TOPIC, Labelled, labelled, model_in_use, strangers
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
    until: datetime
    """When the last ticket was opened that is learned from."""
    names: Sequence[str] = ()
    """What people call the labels that are learned, in their sorted order."""
    strangers: Sequence[Labelled] = ()
    """Earlier tickets that no label fits."""

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
        others = strangers(db, using.model, limit)
    enough(len(rows), FEWEST, "tickets have a settled topic")
    for what in (TOPIC, PRIORITY):
        lesson = lesson_of(rows, what, others)
        if lesson is None:
            say(f"{what}: nothing to tell apart; left as it is.")
            continue
        say(f"{what}: learning from {lesson.cut} tickets…")
        yield _challenger(using, what, lesson)


def lesson_of(rows: Sequence[Labelled], what: str, others: Sequence[Labelled] = ()) -> Lesson | None:
    """The rows whose label is frequent enough, the newest fifth held out; None when fewer than two are learned from.

    Topics have names that say something, and tickets that none fits; priorities have neither.
    """
    counts = Counter(getattr(row, what) for row in rows)
    kept = [row for row in rows if counts[getattr(row, what)] >= FEWEST_OF_A_LABEL]
    labels, cut = [getattr(row, what) for row in kept], round(len(kept) * (1 - HELD_OUT))
    learned = Counter(labels[:cut])
    if sum(count >= FEWEST_LEARNED for count in learned.values()) < 2:
        return None
    texts, wordings, until = [row.text for row in kept], [row.wording for row in kept], kept[cut - 1].opened_at
    lesson = Lesson(texts, wordings, np.stack([row.vector for row in kept]), labels, cut, until)
    if what != TOPIC:
        return lesson
    names = {row.topic: row.name for row in kept}
    earlier = [row for row in others if row.opened_at <= until]
    return replace(lesson, names=[names[label] for label in sorted(learned)], strangers=earlier)


def _challenger(using: Engine, what: str, lesson: Lesson) -> Challenger:
    assert using.encoder is not None
    made = taught(lesson, using.encoder)
    with reading() as db:
        chosen = model_in_use(db, using, what)
    is_right = hits(made, lesson).astype(np.float64)
    before = None if chosen is None else hits(chosen[1], lesson).astype(np.float64)
    metrics, strange = measure(made, lesson), [row.text for row in lesson.strangers]
    if before is not None:
        metrics["before"] = round(float(before.mean()), 4)
    return Challenger(
        what=what,
        save=partial(TopicClassifier.save, made),
        metrics=metrics,
        difference=None if before is None else paired_difference(before, is_right, seed=SEED),
        data={"tickets": text_digest([*lesson.texts[lesson.learned], *lesson.names, *strange])},
        parameters={"encoder": using.model, "until": lesson.until.isoformat()},
        seed=SEED,
        versions=versions("scikit-learn", "skops"),
    )


def taught(lesson: Lesson, encoder: Encoder) -> TopicClassifier:
    """A classifier that learned from the earlier rows; `encoder` made their vectors."""
    own = lesson.learned
    return TopicClassifier(seed=SEED).fit(
        lesson.texts[own],
        lesson.vectors[own],
        lesson.labels[own],
        strangers=Batch([row.text for row in lesson.strangers], np.array([row.vector for row in lesson.strangers])),
        names=Batch(lesson.names, encoder.encode(lesson.names)) if lesson.names else None,
    )


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
