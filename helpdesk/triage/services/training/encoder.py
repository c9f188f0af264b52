"""Adapts the sentence encoder to what people did; whoever runs the site decides whether to switch to it.

It learns from questions whose passages people showed, from questions that one answer served, and from tickets that were
sorted under one topic, and is measured on later ones of each.
"""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from helpdesk.kernel import sources
from helpdesk.kernel.db import reading
from helpdesk.kernel.errors import Invalid
from helpdesk.nlp.adaptation import (
    CHECKPOINT,
    Examples,
    Part,
    adapt,
    alike,
    needs_training_set,
    of_passages,
    steps_over,
)
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.evaluation.bootstrap import Difference, paired_difference
from helpdesk.nlp.export import NAME, WEIGHTS, write_onnx
from helpdesk.nlp.lessons import Lessons, led_by
from helpdesk.nlp.manifest import ArtefactError, Manifest, file_digest, text_digest, versions, write_manifest
from helpdesk.nlp.onnx import MAX_TOKENS, MODEL, TOKENIZER, OnnxEncoder
from helpdesk.nlp.ranking import PASSAGE_KINDS, Order
from helpdesk.nlp.suggest import Shelf, key_of
from helpdesk.nlp.vectors import FaissIndex
from helpdesk.triage.engine import Engine, start_of_adaptation
from helpdesk.triage.services.models import ENCODER
from helpdesk.triage.services.predicting import TOPIC, labelled
from helpdesk.triage.services.training import tickets
from helpdesk.triage.services.training.alone import Say
from helpdesk.triage.services.training.keeping import PARTIAL, Challenger, TooFew, interval, save_whole
from helpdesk.triage.services.training.practice import SHARED, Practice, split
from helpdesk.triage.services.training.ranking import measured, objection

LIMIT = 20_000  # newest questions
FEWEST = 250  # questions
SEED = 0
WORDING_KINDS = frozenset(SHARED) - PASSAGE_KINDS


@dataclass(frozen=True)
class Compared:
    """How the adapted encoder did beside the one in use, on later rows."""

    what: str
    difference: Difference
    figures: dict[str, float]
    objection: str = ""


class Task(Protocol):
    """What the encoder learns for."""

    @property
    def held(self) -> set[str]:
        """The texts that measure. No task learns from one that measures another."""

    def examples(self, held: Collection[str]) -> Examples:
        """What is learned from, `held` left out."""

    def compared(self, present: Encoder, adapted: Encoder) -> Compared:
        """Both encoders on rows that came after those of `examples`."""


@contextmanager
def learn(
    using: Engine, practice: Practice, folder: Path, say: Say, *, limit: int = LIMIT, steps: int | None = None
) -> Iterator[Challenger]:
    """A challenger for the encoder. A training that was killed goes on from its checkpoint in `folder`.

    Raises:
        TooFew: there are too few questions and tickets of every sort.
        Invalid: the training packages are not installed, the weights that ship are damaged, or the disk is full.
    """
    try:
        needs_training_set()
    except ArtefactError as err:
        raise Invalid(str(err)) from err
    tasks = _tasks(using, practice, limit)
    if not tasks:
        raise TooFew(
            f"Fewer than {FEWEST} questions were answered by a clause or an article, fewer than {FEWEST} by an answer "
            f"or another question, and fewer than {tickets.FEWEST} tickets have a settled topic. One of these is "
            "needed to learn from."
        )
    held = set().union(*(task.held for task in tasks))
    examples = [task.examples(held) for task in tasks]
    steps, count = steps or steps_over(examples), sum(len(one.questions) for one in examples)
    say(f"{ENCODER}: {steps} steps over {count} questions and tickets; killed, it goes on where it was.")

    checkpoint, made = folder / "encoder-checkpoint.safetensors", folder / f"{PARTIAL}{ENCODER}"
    is_left, done = checkpoint.exists(), -1

    def tick(more: int) -> None:
        nonlocal done
        if done < 0 and not more and is_left:
            say(f"{ENCODER}: feedback, or the encoder it begins with, is not what it was when killed; it begins anew.")
        done = max(done, 0) + more
        if more and done % CHECKPOINT == 0:
            say(f"{ENCODER}: step {done} of {steps}.")

    try:
        start = start_of_adaptation(using.models_dir)
        model = adapt(examples, checkpoint, start=start, steps=steps, seed=SEED, tick=tick)
        about = Manifest(
            name="challenger",
            data={
                "questions and tickets": text_digest([one.digest for one in examples]),
                **({WEIGHTS: file_digest(start)} if start else {}),
            },
            parameters={
                "adapted_from": NAME,
                "dimension": int(model.get_embedding_dimension()),
                "max_tokens": MAX_TOKENS,
                "steps": steps,
                "licence": "Apache-2.0",
            },
            seed=SEED,
            versions=versions("torch", "sentence-transformers", "onnx", "onnxruntime"),
        )

        def save(place: Path) -> None:
            write_onnx(model, place)
            write_manifest(place, about)

        save_whole(made, save)
        results = [task.compared(practice.encoder, OnnxEncoder(made)) for task in tasks]
        for one in results:
            say(f"{ENCODER}: {one.what} {one.difference}.")
        yield challenger(results, made, about, learned_from=count)
        checkpoint.unlink(missing_ok=True)  # not before all is done: a comparison that is killed is taken up too
    except ArtefactError as err:
        raise Invalid(str(err)) from err
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _tasks(using: Engine, practice: Practice, limit: int) -> list[Task]:
    """What there is enough of to learn from."""
    tasks: list[Task] = []
    for kinds in (PASSAGE_KINDS, WORDING_KINDS):
        places = practice.about(kinds, limit)
        if len(places) >= FEWEST:
            older, later = (practice.lessons_of(some, kinds) for some in split(places))
            own = (practice.shelves_of(kinds), _texts(kinds), older, later)
            # What was promoted here may have learned from the rows that measure, with the present encoder's vectors.
            order = using.shipped[0].learned if using.base == NAME else None
            tasks.append(Finding(kinds, *own, order))
    with reading() as db:
        rows = labelled(db, using.model, min(limit, tickets.LIMIT))
    if len(rows) >= tickets.FEWEST and (lesson := tickets.lesson_of(rows, TOPIC)):
        tasks.append(Sorting(lesson))
    return tasks


@dataclass(frozen=True)
class Finding:
    """Questions that items answered."""

    kinds: Collection[str]
    shelves: Sequence[Shelf]
    texts: dict[Part, str]
    older: Lessons
    later: Lessons
    order: Order | None
    """By which both encoders are compared: one that serves both, and learned from no later row."""

    @property
    def held(self) -> set[str]:
        return set(self.later.queries)

    def examples(self, held: Collection[str]) -> Examples:
        places = np.array([at for at, query in enumerate(self.older.queries) if query not in held], dtype=np.int64)
        older = self.older.of(places)
        if self.kinds == PASSAGE_KINDS:
            return of_passages(self.shelves, self.texts, older)
        return _of_wordings({part: text for part, text in self.texts.items() if text not in held}, older)

    def compared(self, present: Encoder, adapted: Encoder) -> Compared:
        before = measured(present, led_by(self.shelves, self.older), self.older, self.later, self.order)
        older, later = (replace(one, vectors=adapted.encode(one.queries)) for one in (self.older, self.later))
        shelves = led_by(_embedded(adapted, self.shelves, self.texts), older)
        after = measured(adapted, shelves, older, later, self.order)
        figures = {**after.figures(), **{f"{name}_before": value for name, value in before.figures().items()}}
        difference = paired_difference(before.precision, after.precision, seed=SEED)
        what = "passages" if self.kinds == PASSAGE_KINDS else "wordings"
        return Compared(what, difference, figures, objection(before, after))


@dataclass(frozen=True)
class Sorting:
    """Tickets under topics, sorted by a classifier over each encoder's vectors."""

    lesson: tickets.Lesson

    @property
    def held(self) -> set[str]:
        return set(self.lesson.wordings[self.lesson.held])

    def examples(self, held: Collection[str]) -> Examples:
        own = self.lesson.learned
        pairs = zip(self.lesson.wordings[own], self.lesson.labels[own], strict=True)
        kept = [(text, label) for text, label in pairs if text not in held]
        return alike([text for text, _ in kept], [label for _, label in kept])

    def compared(self, present: Encoder, adapted: Encoder) -> Compared:
        both = (self.lesson, present), (replace(self.lesson, vectors=adapted.encode(self.lesson.wordings)), adapted)
        before, after = (tickets.hits(tickets.taught(*one), one[0]).astype(np.float64) for one in both)
        figures = {"accuracy": round(float(after.mean()), 4), "accuracy_before": round(float(before.mean()), 4)}
        return Compared("topics", paired_difference(before, after, seed=SEED), figures)


def _texts(kinds: Collection[str]) -> dict[Part, str]:
    """What is embedded of every item of `kinds`, questions that it answered aside."""
    found: dict[Part, str] = {}
    with reading() as db:
        for kind in sorted(kinds):
            for document in sources.source(kind).documents(db):
                if not document.is_deleted:
                    parts = (text for text in document.texts if text.strip())
                    found |= {(kind, document.id, part): text for part, text in enumerate(parts)}
    return found


def _of_wordings(texts: dict[Part, str], lessons: Lessons) -> Examples:
    """The texts of each item that answered somebody, and the questions that it alone answered, mean the same."""
    pairs = zip(lessons.queries, lessons.right, strict=True)
    said = [(query, item) for query, items in pairs if len(items) == 1 for item in items]
    answered = {item for _, item in said}
    said += [(text, (kind, item)) for (kind, item, _), text in texts.items() if (kind, item) in answered]
    return alike([text for text, _ in said], [f"{kind} {item}" for _, (kind, item) in said])


def challenger(results: Sequence[Compared], made: Path, about: Manifest, *, learned_from: int) -> Challenger:
    """What the comparisons make of the encoder in the folder `made`: better if it is in one and worse in none."""
    losses = [f"{one.what} are worse: {one.difference}." for one in results if one.difference.is_loss]
    objections = [f"{one.what}: {one.objection}" for one in results if one.objection]

    def save(folder: Path, manifest: Manifest) -> None:
        for name in (MODEL, TOKENIZER):
            shutil.copyfile(made / name, folder / name)
        write_manifest(folder, manifest)

    differences = [one.difference for one in results]
    return Challenger(
        what=ENCODER,
        save=save,
        metrics={
            f"{one.what} {name}": value
            for one in results
            for name, value in {**one.figures, **interval(one.difference)}.items()
        }
        | {"learned_from": learned_from, "measured_on": sum(one.rows for one in differences)},
        difference=next((one for one in differences if one.is_gain), differences[0]),
        objection=" ".join([*losses, *objections]),
        data=about.data,
        parameters=about.parameters,
        seed=SEED,
        versions=about.versions,
    )


def _embedded(encoder: Encoder, shelves: Sequence[Shelf], texts: dict[Part, str]) -> list[Shelf]:
    """The shelves with the vectors of another encoder."""
    result = []
    for shelf in shelves:
        own = {key_of(item, part): text for (kind, item, part), text in texts.items() if kind == shelf.kind}
        vectors = FaissIndex(encoder.dimension)
        if own:
            vectors.put(list(own), np.asarray(encoder.encode(list(own.values()))))
        result.append(replace(shelf, vectors=vectors))
    return result
