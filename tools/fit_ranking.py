"""Fits `models/ranking` on questions about obliqa's passages: `python -m tools.fit_ranking DATA OUT ENCODERS`.

ENCODERS is the folder that `tools.fit_encoder` filled.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.export import NAME
from helpdesk.nlp.lessons import FOLDS, Lessons, Places
from helpdesk.nlp.logits import log_softmax
from helpdesk.nlp.manifest import Manifest, file_digest, versions
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.order_learning import (
    NETS,
    Lists,
    Passages,
    Turns,
    fit_nets,
    learn_turn_of_wordings,
    learn_turns,
    list_candidates,
)
from helpdesk.nlp.ordering import joined
from helpdesk.nlp.passages import FEATURES, LEADS, LearnedOrder
from helpdesk.nlp.suggest import Shelf

Label = tuple[int, str]  # document and passage

SEED = 0
# Not multipassage_val.jsonl: thirteen of its questions stand in test_a.jsonl too.
FILES = ("obliqa/passages.jsonl.gz", "obliqa/dev.jsonl")
LOOSE = Path("tools/loose_questions/dev.jsonl")
TOPICS = "clinc150/train.csv"
PACKS = {"banking77/train.csv": "category", TOPICS: "intent"}

# What the ablation leaves out, one after the other.
SUM = ("sum", "sum_rank", "sum_behind")
COVER = ("covered", "density", "both")
TURNED = ("adapted", "adapted_behind", "adapted_score")
PARTS: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "words, in every form": (*COVER, *SUM, "pairs", "pairs_behind"),
    "meaning, in every form": (*TURNED, *SUM),
    "the sum of cosine and score of words": SUM,
    "how much of one is in the other": COVER,
    "pairs of words": ("pairs", "pairs_behind"),
    "the turned question": TURNED,
    "the passage's length": ("length",),
    "the document's other passages": ("document_sum", "document_best"),
    "how near the best passage stands": ("same_document", "distance"),
    "how many terms the question has": ("query_terms",),
    "questions answered before": LEADS,
}


class Pack:
    """The passages on a shelf, and the questions as lessons; obliqa's own lead to all that answers them.

    Loose ones lead nobody: hardly any two were written from one passage, so a passage to which one leads would answer
    another one less often than it does where people ask. Of a `half` only its questions: those that are new to the
    encoder which was made without that half.
    """

    def __init__(self, data: Path, encoder: CachedEncoder, half: int | None = None) -> None:
        self.encoder = encoder
        rows = [row for row in read_rows(data / FILES[0]) if row["text"].strip()]
        self.labels = [(row["DocumentID"], row["PassageID"]) for row in rows]
        self.texts = [row["text"] for row in rows]
        self.documents = [row["DocumentID"] for row in rows]
        vectors = encoder.encode(self.texts)
        groups = dict(enumerate(self.documents))
        self.shelves: tuple[Shelf, ...] = suggester_over(
            self.texts, vectors, encoder, Confidence({}), kind="clause", groups=groups
        ).shelves
        self.passages = Passages([("clause", at) for at in range(len(rows))], vectors)
        rows_of: dict[tuple[int, str], list[int]] = {}
        for at, label in enumerate(self.labels):
            rows_of.setdefault(label, []).append(at)
        written, loose = read_rows(data / FILES[1]), read_rows(LOOSE)
        questions, is_loose = [*written, *loose], np.repeat([False, True], [len(written), len(loose)])
        gold = [_labels(row) for row in questions]
        is_own = np.ones(len(questions), dtype=np.bool_) if half is None else halves(gold) == half
        own = np.flatnonzero(is_own)
        self.answers_of_others = {at for one in np.flatnonzero(~is_own) for label in gold[one] for at in rows_of[label]}
        self.is_loose, self.gold = is_loose[own], [gold[at] for at in own]
        right = [frozenset(("clause", at) for label in some for at in rows_of[label]) for some in self.gold]
        asked = [questions[at]["question"] for at in own]
        leading = [frozenset() if is_one else some for is_one, some in zip(self.is_loose, right, strict=True)]
        self.lessons = Lessons(asked, encoder.encode(asked), right, leading)


def _labels(row: Mapping[str, Any]) -> set[Label]:
    return {(one["DocumentID"], one["PassageID"]) for one in row["gold"]}


def halves(gold: Sequence[Collection[Label]]) -> Places:
    """The half of each question, 0 or 1: questions that have a passage in common are in one."""
    place = {label: at for at, label in enumerate({label: 0 for some in gold for label in some})}
    rows, columns = np.array([(at, place[label]) for at, some in enumerate(gold) for label in some]).T
    answers = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(gold), len(place)))
    _, group = connected_components(answers @ answers.T, directed=False)
    sizes, filled = np.bincount(group), [0, 0]
    half = np.zeros(len(sizes), dtype=np.int64)
    for one in np.argsort(-sizes, kind="stable"):
        half[one] = int(filled[1] < filled[0])
        filled[half[one]] += sizes[one]
    return half[group]


def halves_of_topics(labels: Sequence[str]) -> Places:
    """The half of each text, 0 or 1: every second topic is in one."""
    return np.unique(labels, return_inverse=True)[1] % 2


class Practice:
    """Both halves of the questions, each as the encoder finds it that did not learn from them."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = packs
        self.turns: list[Turns] = []
        lists: list[Lists] = []
        for pack in packs:
            own, count = (pack.encoder, pack.shelves), len(pack.lessons)
            self.turns.append(learn_turns(*own, pack.passages, pack.lessons, seed=SEED, tick=ticking("matrix", count)))
            tick = ticking("candidates", count)
            lists.append(list_candidates(*own, pack.lessons, self.turns[-1].folds, seed=SEED, tick=tick))
        items = tuple(some for one in lists for some in one.items)
        self.lists = Lists(joined(*(one.asked for one in lists)), items, joined(*(one.cut for one in lists)))
        self.folds = np.concatenate([pack.lessons.folds for pack in packs])
        self.is_loose = np.concatenate([pack.is_loose for pack in packs])
        self.gold = [some for pack in packs for some in pack.gold]


def cross_validated(practice: Practice, without: tuple[str, ...] = (), count: int = NETS) -> dict[str, float]:
    """Figures of five folds, each measured on the questions that its nets did not learn from."""
    folds, lists, is_loose, gold = practice.folds, practice.lists, practice.is_loose, practice.gold
    listed, labels = lists.asked, practice.packs[0].labels
    seen = Counter(label for at in np.flatnonzero(~is_loose) for label in gold[at])
    groups: dict[str, list[tuple]] = {"": [], "_several": [], "_unseen": [], "_loose": []}
    for fold in range(FOLDS):
        nets = fit_nets(lists.learned_from(np.flatnonzero(folds != fold)), without=without, seed=SEED, count=count)
        for at in np.flatnonzero(folds == fold):
            rows = listed.rows[listed.starts[at] : listed.starts[at + 1]]
            scores = sum(log_softmax(net.scores(rows)) for net in nets)
            best = np.argsort(-scores, kind="stable")[:30]
            found = list(dict.fromkeys(labels[lists.items[at][one][1]] for one in best))[:10]
            pair = (found, gold[at])
            groups["_loose" if is_loose[at] else ""].append(pair)
            if is_loose[at]:
                continue
            if len(gold[at]) > 1:
                groups["_several"].append(pair)
            if all(seen[label] == 1 for label in gold[at]):
                groups["_unseen"].append(pair)
    figures = {}
    for name, pairs in groups.items():
        figures[f"recall@10{name}"] = round(float(np.mean([metrics.recall(*pair, 10) for pair in pairs])), 4)
        figures[f"map@10{name}"] = round(float(np.mean([metrics.average_precision(*pair, 10) for pair in pairs])), 4)
    return figures


class Topics(NamedTuple):
    """Short questions under topics that are new to the encoder."""

    pack: str
    encoder: CachedEncoder
    texts: list[str]
    vectors: Vectors
    of: Places
    """The number of each one's topic."""


def topics(data: Path, encoders: Sequence[CachedEncoder]) -> Iterator[Topics]:
    """The packs of short questions, each topic as the encoder finds it that was made without it."""
    for name, column in PACKS.items():
        rows = read_rows(data / name)
        # No encoder learned from banking77, so the first of them finds all of it.
        half = halves_of_topics([row[column] for row in rows]) if name == TOPICS else np.zeros(len(rows), np.int64)
        for one in np.unique(half):
            own = [row for row, its in zip(rows, half, strict=True) if its == one]
            texts = [row["text"] for row in own]
            of = np.unique([row[column] for row in own], return_inverse=True)[1]
            yield Topics(name, encoders[one], texts, encoders[one].encode(texts), of)


class Encoders:
    """Those of `tools.fit_encoder`: for each half one that is made without it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.without = [CachedEncoder(OnnxEncoder(folder / name), cache) for name in ("0", "1")]
        for half, encoder in enumerate(self.without):
            if f"-without-{half}-" not in encoder.name or encoder.base != NAME:
                raise SystemExit(
                    f"{folder / str(half)} is {encoder.name}, and was not made from {NAME} without half {half}."
                )

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.without]


def arguments(about: str | None) -> argparse.ArgumentParser:
    """What every tool that fits a model is told."""
    parser = argparse.ArgumentParser(description=about)
    for name in ("data", "out", "encoders"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--cache", type=Path, default=Path("var/embeddings"))
    return parser


def ticking(label: str, count: int) -> Callable[[int], object]:
    return tqdm(desc=label, total=count, disable=None).update


def ablation(practice: Practice) -> None:
    """What each part is worth: the figures without it, as lines of a table, by one net of each sort."""
    for at, (name, without) in enumerate(PARTS.items()):
        figures = cross_validated(practice, without, count=1)
        if not at:
            print("|".join(["", "without", *figures, ""]))
        print("|".join(["", name, *(f"{value:.4f}" for value in figures.values()), ""]), flush=True)


def main() -> None:
    """Read the pack, fit nets and matrix, measure by cross-validation, write the artefact."""
    parser = arguments(__doc__)
    parser.add_argument("--ablation", action="store_true", help="Print what each part is worth, and write nothing.")
    options = parser.parse_args()
    encoders = Encoders(options.encoders, options.cache)
    practice = Practice([Pack(options.data, encoder, half) for half, encoder in enumerate(encoders.without)])
    if options.ablation:
        ablation(practice)
        return
    nets = fit_nets(practice.lists.learned_from(np.arange(len(practice.gold))), seed=SEED)
    turn = np.mean([turns.whole for turns in practice.turns], axis=0)
    packs = topics(options.data, encoders.without)
    of_wordings = learn_turn_of_wordings([(one.vectors, one.of) for one in packs], seed=SEED)
    order = LearnedOrder(nets, {"passage": turn, "wording": of_wordings})
    figures = cross_validated(practice)
    print(figures)
    manifest = Manifest(
        name="ranking",
        data={name: file_digest(options.data / name) for name in (*FILES, *PACKS)} | {str(LOOSE): file_digest(LOOSE)},
        parameters={"features": list(FEATURES), "encoder": NAME, "encoders": encoders.names},
        seed=SEED,
        metrics=figures,
        versions=versions("scipy", "numpy"),
    )
    order.save(options.out, manifest)


if __name__ == "__main__":
    main()
