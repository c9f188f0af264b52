"""Measures of finding: clauses for a question, answers for a re-phrasing, earlier questions, abstaining."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from helpdesk.nlp.confidence import POSSIBLE, Confidence
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.lexical import Bm25Index, Keys, pair_index
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import Shelf, Suggester, Suggestion, key_of
from helpdesk.nlp.vectors import FaissIndex

Rank: TypeAlias = Callable[[str, Vectors, int], Sequence[Suggestion]]
"""Gives the best suggestions for a query and its vector, at most so many."""

SHOWN = 3  # suggestions among which an asker looks for an answer
SPARE = 5  # suggestions more than measured, because two items may stand for one gold label.


@dataclass(frozen=True)
class Question:
    """A question and the labels of the items that answer it; none if nothing does."""

    text: str
    gold: Collection[Hashable]


def suggester_over(
    texts: Sequence[str],
    vectors: Vectors,
    encoder: Encoder,
    confidence: Confidence,
    *,
    kind: str,
    items: Sequence[int] | None = None,
    groups: Mapping[int, int] | None = None,
    ranker: Ranker | None = None,
) -> Suggester:
    """A suggester in memory over `texts` and their vectors; see `shelf_of`."""
    shelf = shelf_of(kind, texts, vectors, items=items, groups=groups)
    return Suggester(encoder, [shelf], ranker or Ranker(), confidence)


def shelf_of(
    kind: str,
    texts: Sequence[str],
    vectors: Vectors,
    *,
    items: Sequence[int] | None = None,
    groups: Mapping[int, int] | None = None,
) -> Shelf:
    """The indexes of `texts` and their vectors, shape (n, d); equal `items` are parts of one item.

    With `groups`, the document of each item, the texts are passages and their pairs of words are indexed too.
    """
    parts: Counter[int] = Counter()
    keys = []
    for item in range(len(texts)) if items is None else items:
        keys.append(key_of(item, parts[item]))
        parts[item] += 1
    shelf = Shelf(
        kind, Bm25Index(), FaissIndex(vectors.shape[1]), None if groups is None else pair_index(), None, groups or {}
    )
    if shelf.pairs is not None:
        shelf.pairs.put(keys, texts)
    shelf.lexical.put(keys, texts)
    shelf.vectors.put(keys, vectors)
    return shelf


def ranker_of(suggester: Suggester, allowed: Mapping[str, Keys] | None = None) -> Rank:
    """How a suggester is asked by the measures below."""

    def rank(query: str, vector: Vectors, limit: int) -> Sequence[Suggestion]:
        return suggester.rank(query, vector=vector, limit=limit, allowed=allowed)

    return rank


def retrieval(
    questions: Sequence[Question],
    encoder: Encoder,
    rank: Rank,
    label_of: Callable[[int], Hashable],
    seen: Collection[Hashable] | None = None,
) -> dict[str, float]:
    """recall@10 and map@10 over all questions, over those with several gold items, and by `seen`.

    Args:
        questions: each with at least one gold label.
        encoder: makes the questions' vectors.
        rank: the search that is measured.
        label_of: the gold label of an item's id; two items may share one.
        seen: labels that training questions pointed to, if anything was trained on clauses.
    """
    found = _found(questions, encoder, rank, label_of, 10)
    groups: dict[str, list[int]] = {"": list(range(len(questions)))}
    groups["_several"] = [at for at, one in enumerate(questions) if len(set(one.gold)) > 1]
    if seen is not None:
        groups["_seen"] = [at for at, one in enumerate(questions) if set(one.gold) <= set(seen)]
        groups["_unseen"] = [at for at, one in enumerate(questions) if not set(one.gold) & set(seen)]
    result = {}
    for name, places in groups.items():
        if places:
            pairs = [(found[at], questions[at].gold) for at in places]
            result[f"recall@10{name}"] = _mean(metrics.recall(*pair, 10) for pair in pairs)
            result[f"map@10{name}"] = _mean(metrics.average_precision(*pair, 10) for pair in pairs)
    return {**result, "questions": float(len(questions))}


def duplicates(
    questions: Sequence[Question], encoder: Encoder, rank: Rank, label_of: Callable[[int], Hashable]
) -> dict[str, float]:
    """recall@1, @5, @10 and mrr of finding the known question behind a re-phrasing."""
    found = _found(questions, encoder, rank, label_of, 10)
    pairs = [(one, question.gold) for one, question in zip(found, questions, strict=True)]
    result = {f"recall@{k}": _mean(metrics.recall(*pair, k) for pair in pairs) for k in (1, 5, 10)}
    result["mrr"] = _mean(metrics.reciprocal_rank(*pair) for pair in pairs)
    return {**result, "questions": float(len(questions))}


def earlier(
    texts: Sequence[str],
    groups: Sequence[str],
    dates: Sequence[str],
    start: str,
    encoder: Encoder,
    suggester: Suggester,
) -> dict[str, float]:
    """recall@10 of earlier questions with the same answer, for questions dated `start` or later.

    `suggester` holds every text under its row number as a `question`. The measure is whether any
    question of the group, tabled before, is among the first ten that were; of one day's questions
    those that stand first in the file came first.
    """
    order = np.argsort(np.array(dates), kind="stable")
    place = np.argsort(order)
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        if group:
            members.setdefault(group, []).append(row)
    hits = []
    vectors = encoder.encode(texts)
    for row, group in enumerate(groups):
        before = {other for other in members.get(group, ()) if place[other] < place[row]}
        if dates[row] < start or not before:
            continue
        allowed = {"question": np.array([key_of(int(at)) for at in order[: place[row]]], dtype=np.int64)}
        found = suggester.rank(texts[row], vector=vectors[row], limit=10, allowed=allowed)
        hits.append(any(one.id in before for one in found))
    return {"recall@10": _mean(hits), "questions": float(len(hits))}


def abstain(
    questions: Sequence[Question],
    unknown: Sequence[str],
    encoder: Encoder,
    rank: Rank,
    label_of: Callable[[int], Hashable],
    possible: float = POSSIBLE,
) -> dict[str, float]:
    """Whether the first suggestions are right, and whether their probability knows it.

    coverage_at_95 is over all questions, known and unknown, by falling probability of the first suggestion. With the
    threshold that gives, `answered_at_95` is the share of the known whose answer is shown among the first three, and
    `unknown_at_95` the share of the unknown that are shown anything. `precision` is that of the first suggestions that
    reach `possible`; `answered` and `unknown_answered` as above, with that threshold.
    """
    every = [*questions, *(Question(text, ()) for text in unknown)]
    vectors = encoder.encode([one.text for one in every])
    probability, is_right = np.zeros((len(every), SHOWN)), np.zeros((len(every), SHOWN), dtype=bool)
    for at, one in enumerate(every):
        for place, hit in enumerate(rank(one.text, vectors[at], SHOWN)):
            probability[at, place] = hit.probability
            is_right[at, place] = label_of(hit.id) in set(one.gold)
    first = probability[:, 0]
    is_known = np.array([bool(one.gold) for one in every])
    coverage = metrics.coverage(first, is_right[:, 0])
    sure = np.sort(first)[::-1][round(coverage * len(every)) - 1] if coverage else np.inf
    result = {"coverage_at_95": coverage, "precision": _mean(is_right[first >= possible, 0])}
    for name, threshold in (("_at_95", sure), ("", possible)):
        shown = np.asarray(probability >= threshold)
        result[f"answered{name}"] = _mean(np.any(shown & is_right, axis=1)[is_known])
        result[f"unknown{name or '_answered'}"] = _mean(np.any(shown, axis=1)[~is_known])
    return {
        **result,
        "threshold_at_95": float(sure),
        "ece": metrics.calibration_error(first, is_right[:, 0]),
        "ece_by_chance": metrics.calibration_error_by_chance(first),
        "questions": float(len(questions)),
        "unknown": float(len(unknown)),
    }


def _found(
    questions: Sequence[Question], encoder: Encoder, rank: Rank, label_of: Callable[[int], Hashable], k: int
) -> list[list[Hashable]]:
    vectors = encoder.encode([one.text for one in questions])
    return [
        list(dict.fromkeys(label_of(hit.id) for hit in rank(one.text, vector, k + SPARE)))[:k]
        for one, vector in zip(questions, vectors, strict=True)
    ]


def _mean(values: Iterable[float]) -> float:
    array = np.fromiter(values, dtype=np.float64)
    return float(array.mean()) if len(array) else 0.0
