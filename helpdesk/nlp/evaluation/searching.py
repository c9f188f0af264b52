"""Measures of finding: clauses for a question, answers for a re-phrasing, earlier questions, abstaining."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

import numpy as np

from helpdesk.nlp.calibrate import Replay, fit_curve, replay
from helpdesk.nlp.confidence import POSSIBLE, Confidence
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.lexical import Bm25Index, Keys, pair_index
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import LOOKED_AT, Shelf, Suggester, Suggestion, chance, key_of, worth_showing
from helpdesk.nlp.vectors import FaissIndex

Rank: TypeAlias = Callable[[str, Vectors, int], Sequence[Suggestion]]
"""Gives the best suggestions for a query and its vector, at most so many."""

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
    bodies: Sequence[str] = (),
    ranker: Ranker | None = None,
) -> Suggester:
    """A suggester in memory over `texts` and their vectors; see `shelf_of`."""
    shelf = shelf_of(kind, texts, vectors, items=items, groups=groups, bodies=bodies)
    return Suggester(encoder, [shelf], ranker or Ranker(), confidence)


def shelf_of(
    kind: str,
    texts: Sequence[str],
    vectors: Vectors,
    *,
    items: Sequence[int] | None = None,
    groups: Mapping[int, int] | None = None,
    bodies: Sequence[str] = (),
) -> Shelf:
    """The indexes of `texts` and their vectors, shape (n, d); equal `items` are parts of one item.

    With `groups`, the document of each item, the texts are passages and their pairs of words are indexed too.
    `bodies` are what stands below the texts, if anything does: words are found there, as in the indexes of a site.
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
    below = bodies or [""] * len(texts)
    shelf.lexical.put(keys, [f"{text}\n{body}" for text, body in zip(texts, below, strict=True)])
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


@dataclass(frozen=True)
class Dated:
    """A question, the day on which it was asked, and the places of the others that people put beside it."""

    text: str
    day: date
    fellows: Collection[int]
    votes: int = 0
    label: str = ""
    """The group of a question and its fellows, for what learns from groups; empty where they are links."""


def earlier(
    questions: Sequence[Dated], start: date, encoder: Encoder, confidence: Confidence, ranker: Ranker
) -> dict[str, float]:
    """Whether an earlier fellow is found, for questions asked on the day `start` or later.

    recall@10 is whether any of them is among the first ten of all questions before, mrr the mean of one by the first
    one's place among ten. Of one day's questions those that stand first came first.
    """
    texts = [one.text for one in questions]
    vectors = encoder.encode(texts)
    days = {at: one.day.toordinal() for at, one in enumerate(questions)}
    votes = {at: max(one.votes, 0) for at, one in enumerate(questions)}
    shelf = replace(shelf_of("question", texts, vectors), days=days, votes=votes)
    suggester = Suggester(encoder, [shelf], ranker, confidence)
    order = sorted(days, key=days.__getitem__)
    place = {at: number for number, at in enumerate(order)}
    pairs = []
    for at, one in enumerate(questions):
        before = {other for other in one.fellows if place[other] < place[at]}
        if one.day < start or not before:
            continue
        allowed = {"question": np.array([key_of(other) for other in order[: place[at]]], dtype=np.int64)}
        found = suggester.rank(one.text, vector=vectors[at], limit=10, allowed=allowed, on=one.day)
        pairs.append(([item.id for item in found], before))
    return {
        "recall@10": _mean(not before.isdisjoint(found) for found, before in pairs),
        "mrr": _mean(metrics.reciprocal_rank(*pair) for pair in pairs),
        "questions": float(len(pairs)),
    }


def abstain(
    questions: Sequence[Question],
    unknown: Sequence[str],
    encoder: Encoder,
    rank: Rank,
    label_of: Callable[[int], Hashable],
    possible: float = POSSIBLE,
) -> dict[str, float]:
    """Whether the first suggestions are right, and whether their probability knows it.

    By falling probability of the first suggestion, over all questions, known and unknown, coverage_at_95 of them can be
    given one before fewer than 95% are right; `answered_at_95` and `unknown_at_95` are what that threshold means for
    lists, see `worth_showing`: the share of the known whose answer is among the first three shown, and of the unknown
    that are shown anything. `_at_5_unknown` is the threshold at which that is one in twenty; without an ending it is
    `possible`. `precision` is the share of the lists shown whose first three hold the answer.
    """
    every = [*questions, *(Question(text, ()) for text in unknown)]
    vectors = encoder.encode([one.text for one in every])
    lists = [rank(one.text, vector, LOOKED_AT) for one, vector in zip(every, vectors, strict=True)]

    def answers(found: Sequence[Sequence[Suggestion]]) -> metrics.Bools:
        pairs = zip(found, every, strict=True)
        return np.array([any(label_of(hit.id) in set(one.gold) for hit in some) for some, one in pairs], dtype=np.bool_)

    first = np.array([found[0].probability if found else 0.0 for found in lists])
    is_first_right, is_known = answers([found[:1] for found in lists]), np.array([bool(one.gold) for one in every])
    chances = np.array([chance(found) for found in lists])
    coverage = metrics.coverage(first, is_first_right)
    thresholds = {
        "": possible,
        "_at_95": float(np.sort(first)[::-1][round(coverage * len(every)) - 1]) if coverage else 1.0,
        "_at_5_unknown": _above_all_but(0.05, chances[~is_known]) if len(unknown) else 0.0,
    }
    result = {"coverage_at_95": coverage}
    for name, threshold in thresholds.items():
        shown = [worth_showing(found, threshold) for found in lists]
        is_shown, is_answered = np.array([bool(some) for some in shown]), answers(shown)
        result[f"answered{name}"] = _mean(is_answered[is_known])
        result[f"precision{name}"] = _mean(is_answered[is_shown])
        result[f"unknown{name}" if name else "unknown_answered"] = _mean(is_shown[~is_known])
        result[f"threshold{name}"] = threshold
    return {
        **result,
        "ece": metrics.calibration_error(first, is_first_right),
        "ece_by_chance": metrics.calibration_error_by_chance(first),
        "ece_lists": metrics.calibration_error(chances, answers(lists)),
        "ece_lists_by_chance": metrics.calibration_error_by_chance(chances),
        "questions": float(len(questions)),
        "unknown": float(len(unknown)),
    }


def _above_all_but(share: float, chances: metrics.Doubles) -> float:
    """The least threshold that at most this share of the chances reach."""
    kept = int(share * len(chances))
    return float(np.nextafter(np.sort(chances)[::-1][kept], np.inf))


def judged(suggester: Suggester, questions: Sequence[Question], id_of: Mapping[Any, int]) -> Confidence:
    """Probabilities as a site learns them: from questions of which people showed what answered, or that nothing did."""
    texts = [one.text for one in questions]
    right = [{id_of[label] for label in one.gold if label in id_of} for one in questions]
    lists = replay(suggester, Replay(texts, suggester.encoder.encode(texts), right))
    return Confidence({**suggester.confidence.curves, "wording": fit_curve("wording", lists)})


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
