"""Fits `models/confidence` on the development data packs: `python tools/fit_confidence.py DATA OUT`."""

import argparse
from pathlib import Path

import numpy as np

from helpdesk.nlp.calibrate import Replay, fit_curve, replay
from helpdesk.nlp.confidence import FEATURES, Confidence, Curve
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.manifest import Manifest, file_digest, versions
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.suggest import key_of

SEED = 0
ROUNDS = 3  # different draws of known wordings and absent answers.
ABSENT_TOPICS = 0.35  # share of topics without any known wording, so that nothing answers them.
ABSENT_CLAUSES = 0.25  # share of questions whose clauses are taken out.
WORDINGS = ((1,), (1, 2, 3, 5), (5, 10, 20))  # known wordings an answer has, drawn from.
PACKS = {"banking77/train.csv": "category", "clinc150/train.csv": "intent"}
QUESTIONS = 500  # a draw.
STRANGERS = 60  # questions about something else altogether, put to the clauses.


def main() -> None:
    """Read the packs, fit both curves, write the artefact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
    parser.add_argument("--cache", type=Path, default=Path("var/embeddings"))
    options = parser.parse_args()
    encoder = CachedEncoder(OnnxEncoder(options.encoder), options.cache)
    generator = np.random.default_rng(SEED)
    curves = {
        "wording": _wording_curve(options.data, encoder, generator),
        "passage": _passage_curve(options.data, encoder, generator),
    }
    used = (*PACKS, "obliqa/passages.jsonl.gz", "obliqa/dev.jsonl", "clinc150/val.csv")
    manifest = Manifest(
        name="confidence",
        data={name: file_digest(options.data / name) for name in used},
        parameters={"features": list(FEATURES), "encoder": encoder.name},
        seed=SEED,
        versions=versions("scikit-learn", "numpy"),
    )
    Confidence(curves).save(options.out, manifest)


def _wording_curve(data: Path, encoder: CachedEncoder, generator: np.random.Generator) -> Curve:
    """Answers known by some of their wordings, asked for by others."""
    rows, labels = [], []
    for name, column in PACKS.items():
        pack = read_rows(data / name)
        texts = [row["text"] for row in pack]
        vectors = encoder.encode(texts)
        topics = np.unique([row[column] for row in pack], return_inverse=True)[1]
        for choices in WORDINGS * ROUNDS:
            some = _wording_draw(texts, vectors, topics, choices, encoder, generator)
            rows.extend(some[0])
            labels.extend(some[1])
    return fit_curve(rows, labels)


def _wording_draw(
    texts: list[str],
    vectors: Vectors,
    topics: np.ndarray,
    choices: tuple[int, ...],
    encoder: CachedEncoder,
    generator: np.random.Generator,
) -> tuple[list, list]:
    known: list[int] = []
    asked: list[tuple[int, bool]] = []
    for topic in range(topics.max() + 1):
        rows = generator.permutation(np.flatnonzero(topics == topic))
        wordings = 0 if generator.random() < ABSENT_TOPICS else int(generator.choice(choices))
        known.extend(rows[:wordings].tolist())
        asked.extend((int(row), wordings > 0) for row in rows[wordings : wordings + 12])
    asked = [asked[at] for at in generator.permutation(len(asked))[:QUESTIONS]]
    suggester = suggester_over(
        [texts[at] for at in known],
        vectors[known],
        encoder,
        Confidence({}),
        kind="answer",
        items=[int(topics[at]) for at in known],
    )
    places = [at for at, _ in asked]
    right = [{int(topics[at])} if is_known else set() for at, is_known in asked]
    return replay(suggester, Replay([texts[at] for at in places], vectors[places], right))


def _passage_curve(data: Path, encoder: CachedEncoder, generator: np.random.Generator) -> Curve:
    """Clauses for questions, some of whose clauses are not there, and for questions of another world."""
    passages = [row for row in read_rows(data / "obliqa/passages.jsonl.gz") if row["text"].strip()]
    questions = read_rows(data / "obliqa/dev.jsonl")
    strangers = [row["text"] for row in read_rows(data / "clinc150/val.csv")]
    texts = [row["text"] for row in passages]
    rows_of: dict[tuple[int, str], list[int]] = {}
    for at, row in enumerate(passages):
        rows_of.setdefault((row["DocumentID"], row["PassageID"]), []).append(at)
    gold = [{at for one in row["gold"] for at in rows_of[one["DocumentID"], one["PassageID"]]} for row in questions]
    is_absent = generator.random(len(questions)) < ABSENT_CLAUSES
    gone = set().union(*(gold[at] for at in np.flatnonzero(is_absent)))
    suggester = suggester_over(texts, encoder.encode(texts), encoder, Confidence({}), kind="clause")
    for shelf in suggester.shelves:
        shelf.lexical.remove([key_of(at) for at in gone])
        shelf.vectors.remove([key_of(at) for at in gone])
    some = generator.choice(len(strangers), STRANGERS, replace=False)
    asked = [row["question"] for row in questions]
    vectors = np.vstack([encoder.encode(asked), encoder.encode(strangers)[some]])
    right = [*(one - gone for one in gold), *(set() for _ in some)]
    return fit_curve(*replay(suggester, Replay([*asked, *(strangers[at] for at in some)], vectors, right)))


if __name__ == "__main__":
    main()
