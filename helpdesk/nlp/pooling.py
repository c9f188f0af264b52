"""Several opinions about one text made into one set of honest probabilities."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.logits import log_softmax

Doubles: TypeAlias = npt.NDArray[np.float64]

HEAVIEST = 20.0  # standard deviations; where every text is sorted right the best weight would be infinite.


def pool_weights(votes: Sequence[Doubles], places: npt.NDArray[np.int64]) -> Doubles:
    """Weights, one a voter, of the logarithmic pool (Genest and Zidek 1986) with the least log loss.

    The votes, each shape (n, topics), must be about texts that the voters did not learn from. The
    weights' size is at once the temperature (Guo and others 2017), so the pool is calibrated.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - see `artefacts`

    rows = np.arange(len(places))
    spread = np.array([max(float(_centred(one).std()), 1e-9) for one in votes])
    scaled = [_centred(one) / size for one, size in zip(votes, spread, strict=True)]

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        logs = log_softmax(pooled(scaled, weights))
        shares = np.exp(logs)
        slope = [float((shares * one).sum() - one[rows, places].sum()) / len(rows) for one in scaled]
        return -float(logs[rows, places].mean()), np.array(slope)

    found = minimize(loss, np.ones(len(votes)), jac=True, method="L-BFGS-B", bounds=[(0.0, HEAVIEST)] * len(votes))
    return np.asarray(found.x / spread, dtype=np.float64)


def pooled(votes: Sequence[Doubles], weights: Doubles) -> Doubles:
    """The weighted sum of votes: the pool's logits, shape (n, topics)."""
    return np.asarray(sum(weight * one for weight, one in zip(weights, votes, strict=True)), dtype=np.float64)


def _centred(votes: Doubles) -> Doubles:
    return np.asarray(votes - votes.mean(axis=1, keepdims=True), dtype=np.float64)
