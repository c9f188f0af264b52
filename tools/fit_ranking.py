"""Fits `models/ranking` on questions about obliqa's passages: `python tools/fit_ranking.py DATA OUT`."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.lessons import FOLDS, Lessons
from helpdesk.nlp.logits import log_softmax
from helpdesk.nlp.manifest import Manifest, file_digest, versions
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.order_learning import (
    NETS,
    Lists,
    Passages,
    fit_nets,
    learn_turn_of_wordings,
    learn_turns,
    list_candidates,
)
from helpdesk.nlp.passages import FEATURES, LEADS, LearnedOrder
from helpdesk.nlp.suggest import Shelf

SEED = 0
# Not multipassage_val.jsonl: thirteen of its questions stand in test_a.jsonl too.
FILES = ("obliqa/passages.jsonl.gz", "obliqa/dev.jsonl")
LOOSE = Path("tools/loose_questions/dev.jsonl")
PACKS = {"banking77/train.csv": "category", "clinc150/train.csv": "intent"}

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
    """The passages on a shelf, and the questions as lessons, each leading to all that answers it."""

    def __init__(self, data: Path, encoder: CachedEncoder) -> None:
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
        questions = [*written, *loose]
        self.is_loose = np.arange(len(questions)) >= len(written)
        self.gold = [{(one["DocumentID"], one["PassageID"]) for one in row["gold"]} for row in questions]
        right = [frozenset(("clause", at) for label in some for at in rows_of[label]) for some in self.gold]
        asked = [row["question"] for row in questions]
        self.lessons = Lessons(asked, encoder.encode(asked), right, right)


def cross_validated(pack: Pack, lists: Lists, without: tuple[str, ...] = (), count: int = NETS) -> dict[str, float]:
    """Figures of five folds, each measured on the questions that its nets did not learn from."""
    folds, listed = pack.lessons.folds, lists.asked
    seen = Counter(label for at in np.flatnonzero(~pack.is_loose) for label in pack.gold[at])
    groups: dict[str, list[tuple]] = {"": [], "_several": [], "_unseen": [], "_loose": []}
    for fold in range(FOLDS):
        nets = fit_nets(lists.learned_from(np.flatnonzero(folds != fold)), without=without, seed=SEED, count=count)
        for at in np.flatnonzero(folds == fold):
            rows = listed.rows[listed.starts[at] : listed.starts[at + 1]]
            scores = sum(log_softmax(net.scores(rows)) for net in nets)
            best = np.argsort(-scores, kind="stable")[:30]
            found = list(dict.fromkeys(pack.labels[lists.items[at][one][1]] for one in best))[:10]
            pair = (found, pack.gold[at])
            groups["_loose" if pack.is_loose[at] else ""].append(pair)
            if pack.is_loose[at]:
                continue
            if len(pack.gold[at]) > 1:
                groups["_several"].append(pair)
            if all(seen[label] == 1 for label in pack.gold[at]):
                groups["_unseen"].append(pair)
    figures = {}
    for name, pairs in groups.items():
        figures[f"recall@10{name}"] = round(float(np.mean([metrics.recall(*pair, 10) for pair in pairs])), 4)
        figures[f"map@10{name}"] = round(float(np.mean([metrics.average_precision(*pair, 10) for pair in pairs])), 4)
    return figures


def topics(data: Path, encoder: CachedEncoder) -> Iterator[tuple[list[str], Vectors, np.ndarray]]:
    """Texts of each pack of short questions, their vectors, and the number of each one's topic."""
    for name, column in PACKS.items():
        rows = read_rows(data / name)
        texts = [row["text"] for row in rows]
        yield texts, encoder.encode(texts), np.unique([row[column] for row in rows], return_inverse=True)[1]


def ticking(label: str, count: int) -> Callable[[int], object]:
    return tqdm(desc=label, total=count, disable=None).update


def ablation(pack: Pack, lists: Lists) -> None:
    """What each part is worth: the figures without it, as lines of a table, by one net of each sort."""
    for at, (name, without) in enumerate(PARTS.items()):
        figures = cross_validated(pack, lists, without, count=1)
        if not at:
            print("|".join(["", "without", *figures, ""]))
        print("|".join(["", name, *(f"{value:.4f}" for value in figures.values()), ""]), flush=True)


def main() -> None:
    """Read the pack, fit nets and matrix, measure by cross-validation, write the artefact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
    parser.add_argument("--cache", type=Path, default=Path("var/embeddings"))
    parser.add_argument("--ablation", action="store_true", help="Print what each part is worth, and write nothing.")
    options = parser.parse_args()
    pack = Pack(options.data, CachedEncoder(OnnxEncoder(options.encoder), options.cache))
    count = len(pack.lessons)
    turns = learn_turns(
        pack.encoder, pack.shelves, pack.passages, pack.lessons, seed=SEED, tick=ticking("matrices", count)
    )
    tick = ticking("candidates", count)
    lists = list_candidates(pack.encoder, pack.shelves, pack.lessons, turns.folds, seed=SEED, tick=tick)
    if options.ablation:
        ablation(pack, lists)
        return
    nets = fit_nets(lists.learned_from(np.arange(count)), seed=SEED)
    of_wordings = learn_turn_of_wordings([vectors for _, *vectors in topics(options.data, pack.encoder)], seed=SEED)
    order = LearnedOrder(nets, {"passage": turns.whole, "wording": of_wordings})
    figures = cross_validated(pack, lists)
    print(figures)
    manifest = Manifest(
        name="ranking",
        data={name: file_digest(options.data / name) for name in (*FILES, *PACKS)} | {str(LOOSE): file_digest(LOOSE)},
        parameters={"features": list(FEATURES), "encoder": pack.encoder.name},
        seed=SEED,
        metrics=figures,
        versions=versions("scipy", "numpy"),
    )
    order.save(options.out, manifest)


if __name__ == "__main__":
    main()
