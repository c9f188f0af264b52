"""Adapts the sentence encoder to what answered people; whoever runs the site decides whether to switch to it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpdesk.kernel import sources
from helpdesk.kernel.db import reading
from helpdesk.kernel.errors import Invalid
from helpdesk.nlp.adaptation import BATCH, CHECKPOINT, Examples, adapt, needs_training_set
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.evaluation.bootstrap import paired_difference
from helpdesk.nlp.lessons import Lessons, led_by
from helpdesk.nlp.manifest import ArtefactError, Manifest, text_digest, versions, write_manifest
from helpdesk.nlp.onnx import MAX_TOKENS, OnnxEncoder
from helpdesk.nlp.ranking import PASSAGE_KINDS
from helpdesk.nlp.suggest import Shelf, item_of, key_of
from helpdesk.nlp.vectors import FaissIndex
from helpdesk.triage.engine import Engine
from helpdesk.triage.services.models import ENCODER
from helpdesk.triage.services.training.alone import Say
from helpdesk.triage.services.training.keeping import PARTIAL, Challenger, enough
from helpdesk.triage.services.training.practice import Practice, split
from helpdesk.triage.services.training.ranking import measured

LIMIT = 20_000  # newest questions
FEWEST = 250
ROUNDS = 2  # over the questions
NEAR = slice(2, 30)  # ranks of near misses: the very first are too often right, though nobody said so
SEED = 0

Part = tuple[str, int, int]  # kind, id and number of one text


@contextmanager
def learn(
    using: Engine, practice: Practice, folder: Path, say: Say, *, limit: int = LIMIT, steps: int | None = None
) -> Iterator[Challenger]:
    """A challenger for the encoder, which is compared by a plain sum of words and meaning: orders are fitted to one.

    A training that was killed goes on from its checkpoint in `folder`.

    Raises:
        TooFew: too few questions were answered by a clause or an article.
        Invalid: the training packages are not installed.
    """
    try:
        needs_training_set()
    except ArtefactError as err:
        raise Invalid(str(err)) from err
    places = practice.about(PASSAGE_KINDS, limit)
    enough(len(places), FEWEST, "questions were answered by a clause or an article")
    older, later = (practice.lessons_of(some, PASSAGE_KINDS) for some in split(places))
    shelves, texts = practice.shelves_of(PASSAGE_KINDS), _texts()
    examples = _examples(shelves, texts, older)
    steps = steps or ROUNDS * len(examples.questions) // BATCH
    say(f"{ENCODER}: {steps} steps over {len(examples.questions)} questions; killed, it goes on where it was.")

    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if count and done % CHECKPOINT == 0:
            say(f"{ENCODER}: step {done} of {steps}.")

    made = folder / f"{PARTIAL}{ENCODER}"
    try:
        adapt(examples, folder / "encoder-checkpoint.safetensors", made, steps=steps, seed=SEED, tick=tick)
        yield _challenger(practice.encoder, made, shelves, texts, (older, later), steps)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _texts() -> dict[Part, str]:
    """What is embedded of every clause and article."""
    found: dict[Part, str] = {}
    with reading() as db:
        for kind in sorted(PASSAGE_KINDS):
            for document in sources.source(kind).documents(db):
                if not document.is_deleted:
                    parts = (text for text in document.texts if text.strip())
                    found |= {(kind, document.id, part): text for part, text in enumerate(parts)}
    return found


def _examples(shelves: Sequence[Shelf], texts: dict[Part, str], lessons: Lessons) -> Examples:
    """Each question with its passages, and with near misses by words and by the present encoder."""
    place = {(kind, item): at for at, (kind, item, part) in enumerate(texts) if part == 0}
    questions, right, hard = [], [], []
    for query, vector, answered in zip(lessons.queries, lessons.vectors, lessons.right, strict=True):
        own = [place[item] for item in sorted(answered) if item in place]
        near: list[int] = []
        for shelf in shelves:
            for hits in (shelf.lexical.search(query, NEAR.stop), shelf.vectors.search(vector, NEAR.stop)):
                items = dict.fromkeys((shelf.kind, item_of(hit.key)) for hit in hits)
                near += [place[item] for item in list(items)[NEAR] if item in place and item not in answered]
        if own and near:
            questions.append(query)
            right.append(own)
            hard.append(near)
    return Examples(questions, list(texts.values()), right, hard)


def _challenger(
    present: Encoder,
    made: Path,
    shelves: Sequence[Shelf],
    texts: dict[Part, str],
    split_lessons: tuple[Lessons, Lessons],
    steps: int,
) -> Challenger:
    older, later = split_lessons
    parameters = {"dimension": present.dimension, "max_tokens": MAX_TOKENS, "steps": steps, "licence": "Apache-2.0"}
    write_manifest(made, Manifest(name="challenger", parameters=parameters))
    adapted = OnnxEncoder(made)
    before = measured(present, led_by(shelves, older), older, later, None)
    older, later = (replace(one, vectors=adapted.encode(one.queries)) for one in (older, later))
    after = measured(adapted, led_by(_embedded(adapted, shelves, texts), older), older, later, None)
    figures = {**after.figures(), **{f"{name}_before": value for name, value in before.figures().items()}}

    def save(folder: Path, manifest: Manifest) -> None:
        for name in ("model.onnx", "tokenizer.json"):
            shutil.copyfile(made / name, folder / name)
        write_manifest(folder, manifest)

    return Challenger(
        what=ENCODER,
        save=save,
        metrics={**figures, "learned_from": len(older), "measured_on": len(later), "steps": steps},
        difference=paired_difference(before.precision, after.precision, seed=SEED),
        data={"questions": text_digest(older.queries)},
        parameters=parameters,
        seed=SEED,
        versions=versions("torch", "sentence-transformers", "onnx", "onnxruntime"),
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
