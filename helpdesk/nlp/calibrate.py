"""Learns confidence: replays questions whose answers are known, and some whose answers are not there."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from helpdesk.nlp.confidence import Curve, Doubles, features
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.suggest import Suggester

SHOWN = 5  # candidates a query, best first, from which the curve learns: those that people see.


@dataclass(frozen=True)
class Replay:
    """Questions to put to a suggester, and the ids that would have answered each; none for some."""

    queries: Sequence[str]
    vectors: Vectors
    right: Sequence[Collection[int]]


def replay(suggester: Suggester, questions: Replay) -> tuple[list[Doubles], list[npt.NDArray[np.bool_]]]:
    """Features of the first suggestions for each question, and whether each was right."""
    rows: list[Doubles] = []
    labels: list[npt.NDArray[np.bool_]] = []
    for query, vector, right in zip(questions.queries, questions.vectors, questions.right, strict=True):
        found = suggester.candidates(query, vector)
        if not found:
            continue
        first = np.argsort(-suggester.ranker.scores(found), kind="stable")[:SHOWN]
        rows.append(features(found)[first])
        labels.append(np.array([found[at].id in right for at in first]))
    return rows, labels


def fit_curve(rows: Iterable[Doubles], labels: Iterable[npt.NDArray[np.bool_]]) -> Curve:
    """The curve for feature rows and whether each of them was right, query by query."""
    matrix, right = np.vstack(list(rows)), np.concatenate(list(labels))
    mean, scale = matrix.mean(axis=0), np.maximum(matrix.std(axis=0), 1e-9)
    model = LogisticRegression(max_iter=1000).fit((matrix - mean) / scale, right)
    weights = model.coef_[0] / scale
    intercept = float(model.intercept_[0] - weights @ mean)
    return Curve(tuple(round(float(weight), 6) for weight in weights), round(intercept, 6))
