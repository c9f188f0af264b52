"""Learns confidence: replays questions whose answers are known, and some whose answers are not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.confidence import Doubles, features
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
