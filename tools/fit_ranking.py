"""Fits `models/ranking` on obliqa's development questions: `python tools/fit_ranking.py DATA OUT`."""

import argparse
import hashlib
from collections import Counter
from pathlib import Path

import numpy as np

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.manifest import Manifest, file_digest, versions
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.ordering import Listed, fit_adapter, fit_net
from helpdesk.nlp.passages import FEATURES, TEXT, LearnedOrder, features
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import LEADS, Leads, Shelf, Suggester, key_of
from helpdesk.nlp.vectors import FaissIndex

SEED = 0
FOLDS = 5  # by the question's text, so that equal ones are never on both sides
# Not multipassage_val.jsonl: thirteen of its questions stand in test_a.jsonl too.
FILES = ("obliqa/passages.jsonl.gz", "obliqa/dev.jsonl")


class Pack:
    """Passages and questions, with everything that can be known of a question without its own fold."""

    def __init__(self, data: Path, encoder: CachedEncoder) -> None:
        rows = [row for row in read_rows(data / FILES[0]) if row["text"].strip()]
        self.labels = [(row["DocumentID"], row["PassageID"]) for row in rows]
        self.texts = [row["text"] for row in rows]
        self.groups = {at: row["DocumentID"] for at, row in enumerate(rows)}
        self.vectors = encoder.encode(self.texts)
        rows_of: dict[tuple[int, str], list[int]] = {}
        for at, label in enumerate(self.labels):
            rows_of.setdefault(label, []).append(at)
        self.questions = read_rows(data / FILES[1])
        self.asked = [row["question"] for row in self.questions]
        self.asked_vectors = encoder.encode(self.asked)
        gold = [{(one["DocumentID"], one["PassageID"]) for one in row["gold"]} for row in self.questions]
        self.gold = gold
        self.right = [np.array(sorted({at for one in some for at in rows_of[one]}), dtype=np.int64) for some in gold]
        self.fold = np.array([hashlib.sha256(text.encode()).digest()[0] % FOLDS for text in self.asked])
        self.encoder = encoder


def suggester(pack: Pack, leads: Leads | None, adapter: np.ndarray | None) -> Suggester:
    """A suggester over all passages that looks at everything the learned order does."""
    plain = suggester_over(pack.texts, pack.vectors, pack.encoder, Confidence({}), kind="clause", groups=pack.groups)
    (shelf,) = plain.shelves
    shelf = Shelf(shelf.kind, shelf.lexical, shelf.vectors, shelf.pairs, leads, shelf.groups)
    order = LearnedOrder((), np.eye(pack.encoder.dimension, dtype=np.float32) if adapter is None else adapter)
    return Suggester(pack.encoder, [shelf], Ranker(learned=order), Confidence({}))


def leads_of(pack: Pack, questions: np.ndarray) -> Leads:
    """The index of some questions, each a lead of the passages that answer it."""
    counts: Counter[int] = Counter()
    keys, asked = [], []
    for at in questions:
        for item in pack.right[at].tolist():
            keys.append(key_of(item, LEADS + counts[item] % LEADS))
            asked.append(int(at))
            counts[item] += 1
    lexical, vectors = Bm25Index(), FaissIndex(pack.encoder.dimension)
    lexical.put(keys, [pack.asked[at] for at in asked])
    vectors.put(keys, pack.asked_vectors[asked])
    return Leads(lexical, vectors, counts)


def adapters(pack: Pack, hard: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """For each fold the matrix learned without it, and the one learned from all."""
    every = np.arange(len(pack.questions))

    def fit(some: np.ndarray) -> np.ndarray:
        chosen = [pack.right[at] for at in some], [hard[at] for at in some]
        return fit_adapter(pack.asked_vectors[some], pack.vectors, *chosen, seed=SEED)

    # Three matrices for five folds: each is learned without one or two of them.
    three = [fit(every[pack.fold % 3 != one]) for one in range(3)]
    return [three[one % 3] for one in range(FOLDS)], fit(every)


def hardest(pack: Pack) -> list[np.ndarray]:
    """The best candidates of each question by the plain sum."""
    plain = suggester(pack, None, None)
    result = []
    for text, vector in zip(pack.asked, pack.asked_vectors, strict=True):
        found = plain.candidates(text, vector)
        scores = Ranker().scores(found)
        result.append(np.array([found[at].id for at in np.argsort(-scores, kind="stable")], dtype=np.int64))
    return result


def listed(pack: Pack, folds: list[np.ndarray]) -> tuple[Listed, np.ndarray]:
    """Every question's candidates with their features, nothing learned from its own fold; and the candidates' ids."""
    rows, right, ids, order = [], [], [], []
    for fold in range(FOLDS):
        using = suggester(pack, leads_of(pack, np.flatnonzero(pack.fold != fold)), folds[fold])
        for at in np.flatnonzero(pack.fold == fold):
            found = using.candidates(pack.asked[at], pack.asked_vectors[at])
            rows.append(features(found))
            ids.append(np.array([one.id for one in found]))
            right.append(np.isin(ids[-1], pack.right[at]))
            order.append(int(at))
    back = np.argsort(order)
    sizes = [len(ids[at]) for at in back]
    lists = Listed(
        np.vstack([rows[at] for at in back]),
        np.concatenate([right[at] for at in back]),
        np.concatenate([[0], np.cumsum(sizes)]),
    )
    return lists, np.concatenate([ids[at] for at in back])


def fit(lists: Listed) -> list:
    return [fit_net(lists, FEATURES, seed=SEED), fit_net(lists, TEXT, seed=SEED)]


def cross_validated(pack: Pack, lists: Listed, ids: np.ndarray) -> dict[str, float]:
    """Figures of five nets, each measured on the development questions that it did not learn from."""
    scores = np.zeros(len(ids))
    every = np.arange(len(pack.questions))
    for one in range(FOLDS):
        nets = fit(lists.of(every[pack.fold != one]))
        for at in every[pack.fold == one]:
            span = slice(lists.starts[at], lists.starts[at + 1])
            logs = [net.scores(lists.rows[span]) for net in nets]
            scores[span] = sum(log - np.logaddexp.reduce(log) for log in logs)
    seen = Counter(label for at in every for label in pack.gold[at])
    groups: dict[str, list[tuple]] = {"": [], "_several": [], "_unseen": []}
    for at in every:
        span = slice(lists.starts[at], lists.starts[at + 1])
        best = ids[span][np.argsort(-scores[span], kind="stable")[:30]]
        found = list(dict.fromkeys(pack.labels[item] for item in best))[:10]
        pair = (found, pack.gold[at])
        groups[""].append(pair)
        if len(pack.gold[at]) > 1:
            groups["_several"].append(pair)
        if all(seen[label] == 1 for label in pack.gold[at]):
            groups["_unseen"].append(pair)
    figures = {}
    for name, pairs in groups.items():
        figures[f"recall@10{name}"] = round(float(np.mean([metrics.recall(*pair, 10) for pair in pairs])), 4)
        figures[f"map@10{name}"] = round(float(np.mean([metrics.average_precision(*pair, 10) for pair in pairs])), 4)
    return figures


def main() -> None:
    """Read the pack, fit nets and matrix, measure by cross-validation, write the artefact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
    parser.add_argument("--cache", type=Path, default=Path("var/embeddings"))
    options = parser.parse_args()
    pack = Pack(options.data, CachedEncoder(OnnxEncoder(options.encoder), options.cache))
    folds, adapter = adapters(pack, hardest(pack))
    lists, ids = listed(pack, folds)
    print(len(lists.rows), "candidates", flush=True)
    order = LearnedOrder(fit(lists), adapter)
    order.save(options.out, Manifest(name="ranking", parameters={"features": list(FEATURES)}))
    figures = cross_validated(pack, lists, ids)
    print(figures)
    manifest = Manifest(
        name="ranking",
        data={name: file_digest(options.data / name) for name in FILES},
        parameters={"features": list(FEATURES), "encoder": pack.encoder.name},
        seed=SEED,
        metrics=figures,
        versions=versions("scipy", "numpy"),
    )
    order.save(options.out, manifest)


if __name__ == "__main__":
    main()
