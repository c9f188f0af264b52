"""Learns confidence: replays questions whose answers are known, and some whose answers are not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.confidence import COMPETING, Curve, Doubles, features
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.suggest import Suggester

LEAST_SPREAD = 1e-6  # standard deviation below which a number is the same for all
RIDGE = 1e-4  # weight of the squared weights of a conditional logit, which share numbers that say much the same


@dataclass(frozen=True)
class Replay:
    """Questions to put to a suggester, and the ids that would have answered each; none for some."""

    queries: Sequence[str]
    vectors: Vectors
    right: Sequence[Collection[int]]


@dataclass(frozen=True)
class Lists:
    """What was found for each question for which anything was."""

    rows: list[Doubles] = field(default_factory=list)
    """Features of the suggestions, shape (n, len(FEATURES))."""
    is_right: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    has_answer: list[bool] = field(default_factory=list)
    """Whether anything would have answered, found or not."""

    def add(self, others: "Lists") -> None:
        self.rows.extend(others.rows)
        self.is_right.extend(others.is_right)
        self.has_answer.extend(others.has_answer)


def replay(suggester: Suggester, questions: Replay) -> Lists:
    """The first COMPETING suggestions for each question."""
    lists = Lists()
    for query, vector, right in zip(questions.queries, questions.vectors, questions.right, strict=True):
        found = suggester.candidates(query, vector)
        if not found:
            continue
        first = np.argsort(-suggester.ranker.scores(found), kind="stable")[:COMPETING]
        lists.rows.append(features(found)[first])
        lists.is_right.append(np.array([found[at].id in right for at in first]))
        lists.has_answer.append(bool(right))
    return lists


def fit_curve(matching: str, lists: Lists, unanswered: float | None = None) -> Curve:
    """The curve of one way of matching.

    Args:
        matching: `wording` or `passage`.
        lists: what was found for questions.
        unanswered: the share of all that questions without an answer count for; None for the share that they are.
    """
    matrix, weights = np.vstack(lists.rows), _weights(np.array(lists.has_answer), unanswered)
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale[scale < LEAST_SPREAD] = np.inf  # What is the same for all says nothing, and gets no weight.
    standard = (matrix - mean) / scale
    if matching == "wording":
        slopes, intercept = _conditional_logit(standard, lists.is_right, weights)
    else:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see `artefacts`

        each = np.repeat(weights, [len(one) for one in lists.rows])
        model = LogisticRegression(max_iter=1000).fit(standard, np.concatenate(lists.is_right), each)
        slopes, intercept = model.coef_[0], float(model.intercept_[0])
    slopes = slopes / scale
    intercept -= float(slopes @ mean)
    return Curve(tuple(round(float(slope), 6) for slope in slopes), round(intercept, 6))


def _weights(has_answer: npt.NDArray[np.bool_], unanswered: float | None) -> Doubles:
    """What each question counts for, on average one."""
    share = 1 - float(has_answer.mean())
    if unanswered is None or share in {0.0, 1.0}:
        return np.ones(len(has_answer))
    return np.where(has_answer, (1 - unanswered) / (1 - share), unanswered / share)


def _conditional_logit(
    rows: Doubles, is_right: Sequence[npt.NDArray[np.bool_]], weights: Doubles
) -> tuple[Doubles, float]:
    """Slopes and intercept of greatest likelihood if one candidate of each query answers, or none does.

    Where several are right each is as likely to be the one. `weights` say what each query counts for.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - see `artefacts`

    sizes = np.array([len(one) for one in is_right])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    right = np.concatenate(is_right).astype(np.float64)
    counts = np.add.reduceat(right, starts)
    each = np.repeat(weights, sizes)
    wanted = right / np.repeat(np.maximum(counts, 1), sizes)

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        logits = np.clip(rows @ flat[:-1] + flat[-1], -30, 30)
        odds = np.exp(logits)
        total = 1 + np.add.reduceat(odds, starts)
        value = float(weights @ np.log(total) - (each * wanted) @ logits) / len(sizes)
        wrong = each * (odds / np.repeat(total, sizes) - wanted) / len(sizes)
        slope = np.append(wrong @ rows, wrong.sum())
        return value + RIDGE * float(flat @ flat), slope + 2 * RIDGE * flat

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return found[:-1], float(found[-1])
