"""Measures of sorting: into known topics, into groups found without labels; and of reading citations."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpdesk.nlp.citations import CitationFinder
from helpdesk.nlp.clusters import TopicClusterer, join
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.jury import Batch
from helpdesk.nlp.topics import KEPT, TopicClassifier, name_of


@dataclass(frozen=True)
class Labelled:
    """Texts and the label of each."""

    texts: Sequence[str]
    labels: Sequence[str]


def drawn(rows: Labelled, per_label: int, seed: int) -> Labelled:
    """At most so many texts of each label, drawn at random, in their old order."""
    order = np.random.default_rng(seed).permutation(len(rows.labels))
    taken: Counter[str] = Counter()
    kept = []
    for at in order.tolist():
        taken[rows.labels[at]] += 1
        if taken[rows.labels[at]] <= per_label:
            kept.append(at)
    kept.sort()
    return Labelled([rows.texts[at] for at in kept], [rows.labels[at] for at in kept])


def triage(
    train: Labelled,
    test: Labelled,
    encoder: Encoder,
    *,
    unknown_train: Sequence[str] = (),
    unknown_test: Sequence[str] = (),
    kept: float = KEPT,
    seed: int = 0,
) -> dict[str, float]:
    """Accuracy, calibration and the noticing of strangers, learned from `train` alone."""
    strangers = Batch(unknown_train, encoder.encode(unknown_train)) if unknown_train else None
    names = [name_of(label) for label in sorted(set(train.labels))]
    named = Batch(names, encoder.encode(names))
    classifier = TopicClassifier(seed=seed, kept=kept)
    classifier.fit(train.texts, encoder.encode(train.texts), train.labels, strangers=strangers, names=named)
    vectors = encoder.encode(test.texts)
    probabilities = classifier.predict_proba(test.texts, vectors)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
    ranked = classifier.labels_[order]
    truth = np.array(test.labels, dtype=np.str_)
    is_right = ranked[:, 0] == truth
    first = probabilities.max(axis=1)
    known = classifier.unknown_scores(test.texts, vectors)
    result = {
        "accuracy": float(is_right.mean()),
        "top3": float((ranked == truth[:, None]).any(axis=1).mean()),
        "ece": metrics.calibration_error(first, is_right),
        "ece_by_chance": metrics.calibration_error_by_chance(first),
        "coverage_at_95": metrics.coverage(first, is_right),
        "known_kept": float((known <= 0).mean()),
        "known_accuracy": float((is_right & (known <= 0)).mean()),
    }
    if unknown_test:
        unknown = classifier.unknown_scores(unknown_test, encoder.encode(unknown_test))
        result["unknown_auroc"] = metrics.unknown_auroc(known, unknown)
        result["unknown_recall"] = float((unknown > 0).mean())
    return {**result, "train": float(len(train.texts)), "test": float(len(test.texts))}


def clusters(rows: Labelled, encoder: Encoder, *, later: Labelled | None = None, seed: int = 0) -> dict[str, float]:
    """Agreement of the groups found in the texts with the labels, which only the measure sees.

    With `later` of these texts instead, each of which joined a group of the others, or none.
    """
    vectors = encoder.encode(rows.texts)
    found = TopicClusterer(seed=seed).fit_predict(rows.texts, vectors)
    measured = rows
    if later is not None:
        groups = {int(label): vectors[found == label] for label in np.unique(found[found >= 0])}
        measured, found = later, join(groups, encoder.encode(later.texts))
    return {
        **metrics.agreement(measured.labels, found),
        "clusters": float(found.max(initial=-1) + 1),
        "unassigned": float((found < 0).mean()) if len(found) else 0.0,
        "texts": float(len(measured.texts)),
    }


@dataclass(frozen=True)
class Miss:
    """A text whose citations were not all found, or too many."""

    text: str
    expected: str
    found: str


def citations(texts: Sequence[str], expected: Sequence[str]) -> tuple[dict[str, float], list[Miss]]:
    """Share of exact rows, precision and recall over single citations, and the rows missed.

    `false_hits` counts the rows that cite nothing where something was found all the same.
    """
    finder = CitationFinder()
    misses, right, found_all, wanted_all, false_hits = [], 0, 0, 0, 0
    for text, row in zip(texts, expected, strict=True):
        wanted = [one for one in row.split(" | ") if one]
        found = finder.cited(text)
        right += len(set(found) & set(wanted))
        found_all += len(found)
        wanted_all += len(wanted)
        false_hits += bool(found) and not wanted
        if found != wanted:
            misses.append(Miss(text, row, " | ".join(found)))
    figures = {
        "exact": 1 - len(misses) / max(len(texts), 1),
        "precision": right / found_all if found_all else 1.0,
        "recall": right / wanted_all if wanted_all else 1.0,
        "misses": float(len(misses)),
        "false_hits": float(false_hits),
        "rows": float(len(texts)),
    }
    return figures, misses
