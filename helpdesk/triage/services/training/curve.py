"""Counts what each threshold would have meant for questions that people judged."""

from collections.abc import Sequence

import numpy as np

from helpdesk.kernel.db import unit_of_work
from helpdesk.nlp.lessons import Item, out_of_fold
from helpdesk.nlp.suggest import Shelf, Suggester, Suggestion, worth_showing
from helpdesk.triage.engine import Engine
from helpdesk.triage.services.thresholds import Point, keep_curve
from helpdesk.triage.services.training.practice import Practice

LIMIT = 2_000  # newest judged questions
FEWEST = 30  # of which a curve says anything
SHOWN = 8  # suggestions of a list
THRESHOLDS = tuple(round(step / 20, 2) for step in range(1, 20))


def draw(using: Engine, practice: Practice) -> bool:
    """Keep the curve of the models in use; whether there were questions enough."""
    places = np.arange(len(practice.questions))[-LIMIT:]
    if len(places) < FEWEST:
        return False
    lessons = practice.lessons.of(places)
    found: dict[int, list[Suggestion]] = {}

    def visit(at: int, fold: int, shelves: list[Shelf]) -> None:
        asked = Suggester(practice.encoder, shelves, using.ranker, using.confidence)
        on = practice.questions[places[at]].at.date()
        found[at] = asked.rank(lessons.queries[at], vector=lessons.vectors[at], limit=SHOWN, on=on)

    out_of_fold(practice.shelves, lessons, visit)
    lists = [(found[at], frozenset(lessons.right[at])) for at in range(len(places))]
    with unit_of_work() as db:
        answered = sum(1 for _, right in lists if right)
        keep_curve(db, len(lists), answered, [_point(lists, threshold) for threshold in THRESHOLDS])
    return True


def _point(lists: Sequence[tuple[Sequence[Suggestion], frozenset[Item]]], threshold: float) -> Point:
    shown = [(worth_showing(found, threshold), right) for found, right in lists]
    hits = [[(one.kind, one.id) in right for one in found[:3]] for found, right in shown if found]
    first, three = (sum(1 for one in hits if one[0]), sum(1 for one in hits if any(one)))
    count = max(len(hits), 1)
    empty = 1.0 if not hits else 0.0
    shares = (len(hits) / len(lists), first / count + empty, three / count + empty)
    return Point(threshold, *(round(share, 4) for share in shares))
