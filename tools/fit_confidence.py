"""Fits `models/confidence` on the development data packs: `python tools/fit_confidence.py DATA OUT`."""

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from helpdesk.nlp.calibrate import Replay, fit_curve, replay
from helpdesk.nlp.confidence import FEATURES, Confidence, Curve
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.lessons import FOLDS, Item, Lessons, led_by
from helpdesk.nlp.manifest import Manifest, file_digest, versions
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.order_learning import fit_nets, learn_turn_of_wordings, learn_turns, list_candidates, suggester
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import key_of
from tools.fit_ranking import FILES, LOOSE, PACKS, Pack, ticking, topics

SEED = 0
ABSENT_TOPICS = (0.05, 0.35)  # shares of topics without any known wording, so that nothing answers them.
ABSENT_CLAUSES = 0.25  # share of questions whose clauses are taken out.
WORDINGS = ((1,), (1, 2, 3, 5), (5, 10, 20), (30, 50))  # known wordings an answer has, drawn from.
OUT_OF_SCOPE = "clinc150/oos_train.csv"  # questions that neither pack answers
QUESTIONS = 600  # a draw.
# What no clause answers: something else altogether, and bank customers' questions, whose words the rulebooks share.
STRANGE = ("clinc150/val.csv", "banking77/train.csv")
STRANGERS = 40  # questions of each of them for each fold
# Passages of small shelves, and questions put to one: half of them answered there. Few passages share out what the
# order believes among few, and the best of them looks sure of itself.
SMALL = ((30, 20), (100, 40), (1_000, 80))


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
    used = {*PACKS, *STRANGE, *FILES, OUT_OF_SCOPE}
    manifest = Manifest(
        name="confidence",
        data={name: file_digest(options.data / name) for name in sorted(used)} | {str(LOOSE): file_digest(LOOSE)},
        parameters={"features": list(FEATURES), "encoder": encoder.name},
        seed=SEED,
        versions=versions("scikit-learn", "scipy", "numpy"),
    )
    Confidence(curves).save(options.out, manifest)


def _wording_curve(data: Path, encoder: CachedEncoder, generator: np.random.Generator) -> Curve:
    """Answers known by some of their wordings, asked for by others."""
    rows, labels = [], []
    strange = [row["text"] for row in read_rows(data / OUT_OF_SCOPE)]
    packs = list(topics(data, encoder))
    for half in range(2):
        # What turns the queries of one half was learned from the other.
        turn = learn_turn_of_wordings(
            [(vectors[1 - half :: 2], of[1 - half :: 2]) for _, vectors, of in packs], seed=SEED
        )
        ranker = Ranker(learned=LearnedOrder((), {"wording": turn}))
        for texts, vectors, of in packs:
            own = texts[half::2], vectors[half::2], of[half::2]
            for choices, absent in product(WORDINGS, ABSENT_TOPICS):
                some = _wording_draw(*own, ranker, choices, absent, strange, encoder, generator)
                rows.extend(some[0])
                labels.extend(some[1])
    return fit_curve("wording", rows, labels)


def _wording_draw(
    texts: list[str],
    vectors: Vectors,
    topics: np.ndarray,
    ranker: Ranker,
    choices: tuple[int, ...],
    absent: float,
    strange: list[str],
    encoder: CachedEncoder,
    generator: np.random.Generator,
) -> tuple[list, list]:
    known: list[int] = []
    asked: list[tuple[int, bool]] = []
    for topic in range(topics.max() + 1):
        rows = generator.permutation(np.flatnonzero(topics == topic))
        wordings = 0 if generator.random() < absent else int(generator.choice(choices))
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
        ranker=ranker,
    )
    places = [at for at, _ in asked]
    right = [*({int(topics[at])} if is_known else set() for at, is_known in asked), *(set() for _ in strange)]
    queries = [*(texts[at] for at in places), *strange]
    return replay(suggester, Replay(queries, np.vstack([vectors[places], encoder.encode(strange)]), right))


def _passage_curve(data: Path, encoder: CachedEncoder, generator: np.random.Generator) -> Curve:
    """Clauses for questions, some of whose clauses are not there, and for questions of another world.

    Each question is put to an order that was learned without it, as a new question meets the one that ships.
    """
    pack = Pack(data, encoder)
    lessons, folds, every = pack.lessons, pack.lessons.folds, np.arange(len(pack.lessons))
    strangers = [
        generator.choice([row["text"] for row in read_rows(data / name)], (FOLDS, STRANGERS), replace=False)
        for name in STRANGE
    ]
    is_absent = generator.random(len(lessons)) < ABSENT_CLAUSES
    turns = learn_turns(
        encoder, pack.shelves, pack.passages, lessons, seed=SEED, tick=ticking("matrices", len(lessons))
    )
    tick = ticking("candidates", len(lessons))
    lists = list_candidates(encoder, pack.shelves, lessons, turns.folds, seed=SEED, tick=tick)
    rows, labels, (shelf,) = [], [], pack.shelves
    gone: set[Item] = set()
    for fold in range(FOLDS):
        own, others = every[folds == fold], every[folds != fold]
        order = LearnedOrder(fit_nets(lists.learned_from(others), seed=SEED), {"passage": turns.folds[fold]})
        gone.update(item for at in own[is_absent[own]] for item in lessons.right[at])
        for index in (shelf.lexical, shelf.vectors, shelf.pairs):
            index.remove([key_of(item) for _, item in gone])
        still = Lessons(lessons.queries, lessons.vectors, *([some - gone for some in lessons.right] for _ in range(2)))
        texts = [str(text) for some in strangers for text in some[fold]]
        # Half of the questions are asked when nobody has pointed to any clause yet.
        for led, half in ((led_by([shelf], still.of(others)), own[::2]), ([shelf], own[1::2])):
            asked = still.of(half)
            right = [*({item for _, item in some} for some in asked.right), *(set() for _ in texts)]
            questions = Replay([*asked.queries, *texts], np.vstack([asked.vectors, encoder.encode(texts)]), right)
            some = replay(suggester(encoder, led, order), questions)
            rows.extend(some[0])
            labels.extend(some[1])
        for size, count in SMALL:
            some = _small_draw(pack, own, order, texts, size, count, generator)
            rows.extend(some[0])
            labels.extend(some[1])
    return fit_curve("passage", rows, labels)


def _small_draw(
    pack: Pack,
    own: np.ndarray,
    order: LearnedOrder,
    strangers: list[str],
    size: int,
    count: int,
    generator: np.random.Generator,
) -> tuple[list, list]:
    """Questions and strangers put to `size` passages that answer half of the `count` questions."""
    lessons, encoder = pack.lessons, pack.encoder
    places = generator.permutation(own)[:count]
    answering = {at for place in places[: count // 2] for _, at in lessons.right[place]}
    others = generator.permutation(np.setdiff1d(np.arange(len(pack.texts)), sorted(answering)))
    known = sorted({*answering, *others[: max(size - len(answering), 0)].tolist()})
    small = suggester_over(
        [pack.texts[at] for at in known],
        pack.passages.vectors[known],
        encoder,
        Confidence({}),
        kind="clause",
        groups={at: pack.documents[known[at]] for at in range(len(known))},
        ranker=Ranker(learned=order),
    )
    number = {place: at for at, place in enumerate(known)}
    right = [{number[at] for _, at in lessons.right[place] if at in number} for place in places]
    queries = [*(lessons.queries[place] for place in places), *strangers]
    vectors = np.vstack([lessons.vectors[places], encoder.encode(strangers)])
    return replay(small, Replay(queries, vectors, [*right, *(set() for _ in strangers)]))


if __name__ == "__main__":
    main()
