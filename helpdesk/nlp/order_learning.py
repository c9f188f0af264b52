"""Learns the order of passages from lessons; what learns from a question's features never saw its answer."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation.bootstrap import Difference, paired_difference
from helpdesk.nlp.lessons import FOLDS, Item, Lessons, Places, cut, out_of_fold
from helpdesk.nlp.ordering import Listed, fit_net, fit_turn, joined
from helpdesk.nlp.passages import FEATURES, TEXT, Floats, LearnedOrder, Net
from helpdesk.nlp.ranking import Candidate, Order, Ranker
from helpdesk.nlp.suggest import Shelf, Suggester

PARTS = 3  # matrices that are each learned without a part of the folds
NETS = 3  # of each sort, begun at different places, so that less hangs on where one began
NEAREST_OF_TOPIC, HARD_WORDINGS = 5, 60  # questions of a topic to come nearer to, and nearest ones to tell them from
HELD_WORDINGS = 0.02  # as HELD_TO_START; chosen on clinc150's validation questions and covid-q
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

    asked: Listed
    items: tuple[Sequence[Item], ...]
    """The candidates of each lesson."""
    cut: Listed
    """Those of a few words of each."""

    def learned_from(self, lessons: Places) -> Listed:
        """Some lessons as they were asked, by few of their words, and asked before anybody was led anywhere."""
        asked, cut_short = self.asked.of(lessons), self.cut.of(lessons)
        return joined(asked, cut_short, asked.unled())


def suggester(encoder: Encoder, shelves: Sequence[Shelf], order: Order | None) -> Suggester:
    return Suggester(encoder, shelves, Ranker(learned=order), Confidence({}))


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
        return fit_turn(lessons.vectors[own], passages.vectors, *chosen, seed=seed)

    every = np.arange(len(lessons))
    parts = [fit(every[lessons.folds % PARTS != part]) for part in range(PARTS)]
    return Turns(fit(every), tuple(parts[fold % PARTS] for fold in range(FOLDS)))


def learn_turn_of_wordings(packs: Sequence[tuple[Vectors, Places]], *, seed: int = 0) -> Floats:
    """A matrix that brings a question nearer to others of its topic, from packs of vectors and each one's topic.

    A third of each pack asks, and the rest is found. What was learned from clinc150's questions alone leaves the
    nearest of banking77's as they were (0.916 of the topic, 0.918 before), and covid-q's (0.585, 0.576 before), all
    with the untuned encoder.
    """
    generator = np.random.default_rng(seed)
    asked: list[Vectors] = []
    known: list[Vectors] = []
    right: list[Places] = []
    hard: list[Places] = []
    for vectors, topics in packs:
        order, before = generator.permutation(len(vectors)), sum(map(len, known))
        some, others = order[: len(order) // 3], order[len(order) // 3 :]
        cosines = vectors[some] @ vectors[others].T
        for row, topic in zip(cosines, topics[some], strict=True):
            same = np.flatnonzero(topics[others] == topic)
            right.append(before + np.sort(same[np.argsort(-row[same], kind="stable")[:NEAREST_OF_TOPIC]]))
            hard.append(before + np.argsort(-row, kind="stable")[:HARD_WORDINGS])
        asked.append(vectors[some])
        known.append(vectors[others])
    return fit_turn(np.vstack(asked), np.vstack(known), right, hard, seed=seed, held=HELD_WORDINGS)


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
    encoder: Encoder, shelves: Sequence[Shelf], lessons: Lessons, turns: Sequence[Floats], *, seed: int = 0, tick: Tick
) -> Lists:
    """Each lesson's candidates, as they look when it and the like of it are asked for the first time."""
    generator = np.random.default_rng(seed)
    texts = [cut(query, generator) for query in lessons.queries]
    short = replace(lessons, queries=texts, vectors=encoder.encode(texts))
    asked, few = ([Listed.of_one((), ())] * len(lessons) for _ in range(2))
    items: list[Sequence[Item]] = [()] * len(lessons)

    def visit(at: int, fold: int, using: list[Shelf]) -> None:
        order = suggester(encoder, using, LearnedOrder((), {"passage": turns[fold]}))
        for lists, which in ((few, short), (asked, lessons)):
            found = candidates(order, which, at)
            items[at] = [(one.kind, one.id) for one in found]
            lists[at] = Listed.of_one(found, [item in lessons.right[at] for item in items[at]])
        tick(1)

    out_of_fold(shelves, lessons, visit)
    return Lists(joined(*asked), tuple(items), joined(*few))


def fit_nets(lists: Listed, *, without: Collection[str] = (), seed: int = 0, count: int = NETS) -> list[Net]:
    """`count` nets that also look at the questions that passages answered before, and as many of the text alone.

    None looks at the features named in `without`.
    """
    kept = [[one for one in names if one not in without] for names in (FEATURES, TEXT)]
    return [fit_net(lists, names, seed=seed + draw) for draw in range(count) for names in kept]
