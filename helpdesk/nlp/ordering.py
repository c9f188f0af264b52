"""Learns the order of passages from questions whose passages are known: nets over features, and a turned query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.passages import FEATURES, LEADS, Doubles, Floats, Net, features
from helpdesk.nlp.ranking import Candidate

Places = npt.NDArray[np.int64]

UNITS = 32  # of the hidden layer
STEPS = 120  # of L-BFGS
WEIGHT_DECAY = 3e-5
BEST = 20  # candidates of a question that are always learned from, best first; of the rest a sample
OTHERS = 20

SHARPNESS = 20.0  # by which cosines are multiplied before they compete
ROUNDS = 8  # over the questions
BATCH = 64  # questions
RATE = 1e-3
HELD_TO_START = 0.1  # weight of the squared distance from leaving queries as they are
HARD = 15  # of a question's best sixty candidates, beside RANDOM passages of any kind
RANDOM = 1_500


@dataclass(frozen=True)
class Listed:
    """The candidates of many questions: `rows` of question q are `starts[q]` to `starts[q + 1]`."""

    rows: Doubles
    """FEATURES, shape (n, len(FEATURES))."""
    is_right: npt.NDArray[np.bool_]
    starts: Places

    @classmethod
    def of_one(cls, found: Sequence[Candidate], is_right: Sequence[bool]) -> "Listed":
        """The candidates of one question."""
        return cls(features(found), np.array(is_right, dtype=np.bool_), np.array([0, len(found)]))

    def of(self, questions: Places) -> "Listed":
        """Some of the questions."""
        sizes = np.diff(self.starts)[questions]
        places = np.concatenate([np.arange(self.starts[at], self.starts[at + 1]) for at in questions])
        return Listed(self.rows[places], self.is_right[places], np.concatenate([[0], np.cumsum(sizes)]))

    def unled(self) -> "Listed":
        """The same candidates where nobody was led to any of them yet."""
        rows = self.rows.copy()
        rows[:, [FEATURES.index(name) for name in LEADS]] = 0.0
        return Listed(rows, self.is_right, self.starts)


def joined(*lists: Listed) -> Listed:
    """The candidates of all questions of all lists."""
    sizes = np.concatenate([np.diff(one.starts) for one in lists])
    rows, is_right = np.vstack([one.rows for one in lists]), np.concatenate([one.is_right for one in lists])
    return Listed(rows, is_right, np.concatenate([[0], np.cumsum(sizes)]))


def fit_net(lists: Listed, names: Sequence[str], *, seed: int = 0, decay: float = WEIGHT_DECAY) -> Net:
    """The net of least cross-entropy between a question's right candidates and the softmax over all of its own.

    Full batches and L-BFGS, so that nothing depends on an order or a rate. Far candidates are sampled, and the sample
    stands for them by a weight inside the softmax.
    """
    generator = np.random.default_rng(seed)
    columns = tuple(FEATURES.index(name) for name in names)
    mean = lists.rows[:, list(columns)].mean(axis=0).astype(np.float32)
    scale = (lists.rows[:, list(columns)].std(axis=0) + 1e-6).astype(np.float32)
    empty = np.zeros((len(columns), 0), dtype=np.float32)
    frame = Net(columns, mean, scale, empty, empty[0], empty[0])
    places, extra, starts = _sampled(lists, generator)
    rows = frame.standard(lists.rows[places])
    wanted = lists.is_right[places].astype(np.float32)
    sizes = np.diff(np.append(starts, len(places)))
    wanted /= np.repeat(np.add.reduceat(wanted, starts), sizes)
    shapes = ((len(columns), UNITS), (UNITS,), (UNITS,))
    start = np.concatenate(
        [
            generator.normal(0, np.sqrt(2 / len(columns)), len(columns) * UNITS),
            np.zeros(UNITS),
            generator.normal(0, np.sqrt(1 / UNITS), UNITS),
        ]
    )

    def parts(flat: Doubles) -> Net:
        first, second = len(columns) * UNITS, len(columns) * UNITS + UNITS
        pieces = (flat[:first].reshape(shapes[0]), flat[first:second], flat[second:])
        return Net(columns, mean, scale, *(piece.astype(np.float32) for piece in pieces))

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        net = parts(flat)
        active, scores = net.forward(rows)
        scores = scores + extra
        top = np.repeat(np.maximum.reduceat(scores, starts), sizes)
        raised = np.exp(scores - top)
        share = raised / np.repeat(np.add.reduceat(raised, starts), sizes)
        value = -float((wanted * np.log(np.maximum(share, 1e-12))).sum()) / len(starts)
        wrong = ((share - wanted) / len(starts)).astype(np.float32)
        back = (wrong[:, None] * net.out) * (active > 0)
        slope = np.concatenate([(rows.T @ back).ravel(), back.sum(axis=0), active.T @ wrong]).astype(np.float64)
        return value + decay * float(flat @ flat), slope + 2 * decay * flat

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 20})
    return parts(found.x)


def _sampled(lists: Listed, generator: np.random.Generator) -> tuple[Places, Floats, Places]:
    """Rows to learn from, what each adds to its score for those it stands for, and where questions begin."""
    at_sum = FEATURES.index("sum")
    places: list[Places] = []
    extra: list[Floats] = []
    for first, last in zip(lists.starts[:-1], lists.starts[1:], strict=True):
        own = np.arange(first, last)
        if not lists.is_right[own].any():
            continue
        best = own[np.argsort(-lists.rows[own, at_sum], kind="stable")[:BEST]]
        kept = np.union1d(best, own[lists.is_right[own]])
        rest = np.setdiff1d(own, kept)
        some = generator.permutation(rest)[:OTHERS]
        places.append(np.concatenate([kept, some]))
        weight = np.log(max(len(rest), 1) / max(len(some), 1))
        extra.append(np.concatenate([np.zeros(len(kept)), np.full(len(some), weight)]).astype(np.float32))
    starts = np.cumsum([0, *(len(one) for one in places[:-1])])
    return np.concatenate(places), np.concatenate(extra), starts


def fit_turn(
    questions: Vectors,
    passages: Vectors,
    right: Sequence[Places],
    hard: Sequence[Places],
    *,
    seed: int = 0,
    held: float = HELD_TO_START,
) -> Floats:
    """A symmetric matrix, shape (d, d), by which a question's vector comes nearer to its passages, or other questions.

    It begins as the identity. Symmetric, because a matrix of the question's side alone learns which passages are asked
    for and loses on those that nobody asked for yet.

    Args:
        questions: their vectors, float32, shape (n, d).
        passages: vectors of all passages, shape (m, d).
        right: the passages that answer each question.
        hard: the best candidates of each question, best first, right or not.
        seed: of the order and of the random passages.
        held: weight of the squared distance from leaving queries as they are.
    """
    generator = np.random.default_rng(seed)
    size = questions.shape[1]
    change, mean, spread = (np.zeros((size, size), dtype=np.float32) for _ in range(3))
    steps = ROUNDS * (len(questions) // BATCH)
    for step in range(steps):
        if step % (len(questions) // BATCH) == 0:
            order = generator.permutation(len(questions))
        some = order[step * BATCH % (len(order) // BATCH * BATCH) :][:BATCH]
        slope = _turn_slope(change, questions, passages, some, right, hard, generator)
        slope += np.float32(2 * held) * change
        mean = 0.9 * mean + 0.1 * slope  # Adam; Kingma and Ba (2015)
        spread = 0.999 * spread + 0.001 * slope**2
        pace = RATE * (1 - step / steps)
        hat = mean / (1 - 0.9 ** (step + 1))
        change -= pace * hat / (np.sqrt(spread / (1 - 0.999 ** (step + 1))) + 1e-8)
    return np.asarray(np.eye(size) + change + change.T, dtype=np.float32)


def _turn_slope(
    change: Floats,
    questions: Vectors,
    passages: Vectors,
    some: Places,
    right: Sequence[Places],
    hard: Sequence[Places],
    generator: np.random.Generator,
) -> Floats:
    """The slope of one batch's cross-entropy over a pool of passages."""
    pool = [generator.choice(len(passages), min(RANDOM, len(passages)), replace=False), *(right[at] for at in some)]
    pool += [generator.permutation(hard[at][:60])[:HARD] for at in some]
    chosen = np.unique(np.concatenate(pool))
    asked, offered = questions[some], passages[chosen]
    turned = asked + asked @ (change + change.T)
    scores = SHARPNESS * (turned @ offered.T)
    share = np.exp(scores - scores.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    for row, at in enumerate(some):
        share[row, np.searchsorted(chosen, right[at])] -= np.float32(1 / len(right[at]))
    outer = SHARPNESS * asked.T @ ((share / len(some)) @ offered)
    return np.asarray(outer + outer.T, dtype=np.float32)
