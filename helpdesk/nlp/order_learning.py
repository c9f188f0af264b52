"""Learns the order of passages from lessons; what learns from a question's features never saw its answer."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation.bootstrap import Difference, paired_difference
from helpdesk.nlp.lessons import FOLDS, Item, Lessons, Places, out_of_fold
from helpdesk.nlp.ordering import Listed, fit_adapter, fit_net
from helpdesk.nlp.passages import FEATURES, TEXT, Floats, LearnedOrder, Net, features
from helpdesk.nlp.ranking import Candidate, PassageOrder, Ranker
from helpdesk.nlp.suggest import Shelf, Suggester

PARTS = 3  # matrices that are each learned without a part of the folds
FIRST = 10  # passages, among which the right ones are looked for

Tick = Callable[[int], object]


@dataclass(frozen=True)
class Passages:
    """Every passage and its vector, float32, shape (m, d)."""

    items: Sequence[Item]
    vectors: Vectors

    def places(self, lessons: Lessons) -> list[Places]:
        """Where the passages that answer each lesson stand."""
        place = {item: at for at, item in enumerate(self.items)}
        return [np.array(sorted(place[one] for one in some if one in place), dtype=np.int64) for some in lessons.right]


@dataclass(frozen=True)
class Turns:
    """The matrix that turns queries, learned from all lessons, and for each fold one learned without it."""

    whole: Floats
    folds: tuple[Floats, ...]


@dataclass(frozen=True)
class Lists:
    """The candidates of every lesson with their features, nothing learned from its own fold."""

    learned_from: Listed
    items: tuple[Sequence[Item], ...]
    """The candidates of each lesson."""


def suggester(encoder: Encoder, shelves: Sequence[Shelf], order: PassageOrder | None) -> Suggester:
    return Suggester(encoder, shelves, Ranker(learned=order), Confidence({}))


def unturned(encoder: Encoder) -> LearnedOrder:
    """Looks at everything that the learned order looks at, and leaves queries as they are."""
    return LearnedOrder((), np.eye(encoder.dimension, dtype=np.float32))


def candidates(asked: Suggester, lessons: Lessons, at: int) -> list[Candidate]:
    return asked.candidates(lessons.queries[at], lessons.vectors[at])


def learn_turns(
    encoder: Encoder, shelves: Sequence[Shelf], passages: Passages, lessons: Lessons, *, seed: int = 0, tick: Tick
) -> Turns:
    """Matrices from all lessons and, for what learns on from their products, from the others' lessons alone."""
    plain, place = suggester(encoder, shelves, None), {item: at for at, item in enumerate(passages.items)}
    right, hard = passages.places(lessons), []
    for at in range(len(lessons)):
        found = candidates(plain, lessons, at)
        best = np.argsort(-plain.ranker.scores(found), kind="stable")
        rows = [place[found[one].kind, found[one].id] for one in best if (found[one].kind, found[one].id) in place]
        hard.append(np.array(rows, dtype=np.int64))
        tick(1)

    def fit(some: Places) -> Floats:
        own = some[[len(right[at]) > 0 for at in some]]
        chosen = [right[at] for at in own], [hard[at] for at in own]
        return fit_adapter(lessons.vectors[own], passages.vectors, *chosen, seed=seed)

    every = np.arange(len(lessons))
    parts = [fit(every[lessons.folds % PARTS != part]) for part in range(PARTS)]
    return Turns(fit(every), tuple(parts[fold % PARTS] for fold in range(FOLDS)))


def gain_on_unseen(passages: Passages, lessons: Lessons, turns: Turns, before: Floats) -> Difference:
    """What turning gains in recall, by meaning alone, on passages to which no lesson that it learned from points."""
    right, part = passages.places(lessons), lessons.folds % PARTS
    known = [{int(one) for at in np.flatnonzero(part != own) for one in right[at]} for own in range(PARTS)]
    unseen = [at for at in range(len(lessons)) if len(right[at]) and known[part[at]].isdisjoint(right[at].tolist())]
    both = np.zeros((2, len(unseen)))
    for row, at in enumerate(unseen):
        for which, matrix in enumerate((before, turns.folds[lessons.folds[at]])):
            scores = passages.vectors @ (matrix @ lessons.vectors[at])
            first = np.argpartition(-scores, min(FIRST, len(scores) - 1))[:FIRST]
            both[which, row] = np.isin(right[at], first).mean()
    return paired_difference(both[0], both[1])


def list_candidates(
    encoder: Encoder, shelves: Sequence[Shelf], lessons: Lessons, turns: Sequence[Floats], *, tick: Tick
) -> Lists:
    """Each lesson's candidates, as they look when it and the like of it are asked for the first time."""
    rows: dict[int, np.ndarray[tuple[int, int], np.dtype[np.float64]]] = {}
    items: dict[int, list[Item]] = {}

    def visit(at: int, fold: int, using: list[Shelf]) -> None:
        found = candidates(suggester(encoder, using, LearnedOrder((), turns[fold])), lessons, at)
        rows[at], items[at] = features(found), [(one.kind, one.id) for one in found]
        tick(1)

    out_of_fold(shelves, lessons, visit)
    every = range(len(lessons))
    is_right = [np.array([one in lessons.right[at] for one in items[at]], dtype=np.bool_) for at in every]
    starts = np.concatenate([[0], np.cumsum([len(items[at]) for at in every])])
    listed = Listed(np.vstack([rows[at] for at in every]), np.concatenate(is_right), starts)
    return Lists(listed, tuple(items[at] for at in every))


def fit_nets(lists: Listed, *, without: Collection[str] = (), seed: int = 0) -> list[Net]:
    """One net that also looks at the questions that passages answered before, and one of the text alone.

    Neither looks at the features named in `without`.
    """
    return [fit_net(lists, [one for one in names if one not in without], seed=seed) for names in (FEATURES, TEXT)]
