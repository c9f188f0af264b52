"""Learns confidence: replays questions whose answers are known, and some whose answers are not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

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


def replay(suggester: Suggester, questions: Replay) -> tuple[list[Doubles], list[npt.NDArray[np.bool_]]]:
    """Features of the first COMPETING suggestions for each question, and whether each was right."""
    rows: list[Doubles] = []
    labels: list[npt.NDArray[np.bool_]] = []
    for query, vector, right in zip(questions.queries, questions.vectors, questions.right, strict=True):
        found = suggester.candidates(query, vector)
        if not found:
            continue
        first = np.argsort(-suggester.ranker.scores(found), kind="stable")[:COMPETING]
        rows.append(features(found)[first])
        labels.append(np.array([found[at].id in right for at in first]))
    return rows, labels


def fit_curve(matching: str, rows: Sequence[Doubles], labels: Sequence[npt.NDArray[np.bool_]]) -> Curve:
    """The curve of one way of matching, from feature rows and whether each of them was right, query by query."""
    matrix = np.vstack(rows)
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale[scale < LEAST_SPREAD] = np.inf  # What is the same for all says nothing, and gets no weight.
    standard = (matrix - mean) / scale
    if matching == "wording":
        weights, intercept = _conditional_logit(standard, labels)
    else:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see `artefacts`

        model = LogisticRegression(max_iter=1000).fit(standard, np.concatenate(labels))
        weights, intercept = model.coef_[0], float(model.intercept_[0])
    weights = weights / scale
    intercept -= float(weights @ mean)
    return Curve(tuple(round(float(weight), 6) for weight in weights), round(intercept, 6))


def _conditional_logit(rows: Doubles, labels: Sequence[npt.NDArray[np.bool_]]) -> tuple[Doubles, float]:
    """Weights and intercept of greatest likelihood if one candidate of each query answers, or none does.

    Where several are right each is as likely to be the one.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - see `artefacts`

    sizes = np.array([len(one) for one in labels])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    right = np.concatenate(labels).astype(np.float64)
    counts = np.add.reduceat(right, starts)
    wanted = right / np.repeat(np.maximum(counts, 1), sizes)

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        logits = np.clip(rows @ flat[:-1] + flat[-1], -30, 30)
        odds = np.exp(logits)
        total = 1 + np.add.reduceat(odds, starts)
        value = float(np.log(total).sum() - wanted @ logits) / len(sizes)
        wrong = (odds / np.repeat(total, sizes) - wanted) / len(sizes)
        slope = np.append(wrong @ rows, wrong.sum())
        return value + RIDGE * float(flat @ flat), slope + 2 * RIDGE * flat

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return found[:-1], float(found[-1])
