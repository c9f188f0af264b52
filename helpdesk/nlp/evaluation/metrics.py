"""What the figures mean; each is a function of plain arrays, and its formula stands beside it."""

from collections.abc import Collection, Hashable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

BINS = 15  # of equal count, for the calibration error.
DRAWS = 200  # of outcomes by a perfectly calibrated model.


def recall(found: Sequence[Hashable], gold: Collection[Hashable], k: int) -> float:
    """The share of the different `gold` items among the first `k` found."""
    wanted = set(gold)
    return len(wanted.intersection(found[:k])) / len(wanted)


def average_precision(found: Sequence[Hashable], gold: Collection[Hashable], k: int) -> float:
    """Precision at each gold item among the first `k`, summed and divided by all gold (`map_cut_k`)."""
    wanted = set(gold)
    total, right = 0.0, 0
    for rank, item in enumerate(found[:k], start=1):
        if item in wanted:
            right += 1
            total += right / rank
    return total / len(wanted)


def reciprocal_rank(found: Sequence[Hashable], gold: Collection[Hashable]) -> float:
    """One over the place of the first gold item; zero if none was found."""
    places = (rank for rank, item in enumerate(found, start=1) if item in gold)
    return 1.0 / next(places, float("inf"))


def calibration_error(probability: Doubles, is_right: Bools, bins: int = BINS) -> float:
    """Mean distance of probability and outcome over `bins` of equal count, weighted by size."""
    if not len(probability):
        return 0.0
    order = np.argsort(probability, kind="stable")
    gaps = [
        abs(float(probability[part].mean() - is_right[part].mean())) * len(part)
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return sum(gaps) / len(probability)


def calibration_error_by_chance(probability: Doubles, seed: int = 0) -> float:
    """The 95th percentile of the error that a perfectly calibrated model shows on as many rows."""
    generator = np.random.default_rng(seed)
    draws = [calibration_error(probability, generator.random(len(probability)) < probability) for _ in range(DRAWS)]
    return float(np.percentile(draws, 95))


def coverage(probability: Doubles, is_right: Bools, precision: float = 0.95) -> float:
    """The largest share of rows, by falling probability, of which at least `precision` are right."""
    if not len(probability):
        return 0.0
    order = np.argsort(-probability, kind="stable")
    running = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    # Rows of equal probability stand or fall together.
    falling = probability[order]
    is_last = np.append(falling[:-1] != falling[1:], True)
    good = np.flatnonzero((running >= precision) & is_last)
    return float((good[-1] + 1) / len(order)) if len(good) else 0.0


def unknown_auroc(known: Doubles, unknown: Doubles) -> float:
    """How often an unknown row has the higher unknown score than a known one."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - see `artefacts`

    truth = np.concatenate([np.zeros(len(known)), np.ones(len(unknown))])
    return float(roc_auc_score(truth, np.concatenate([known, unknown])))


def agreement(truth: Sequence[str], found: npt.NDArray[np.int64]) -> dict[str, float]:
    """V-measure, normalised mutual information and adjusted Rand index of a grouping.

    Rows with an empty label are left out; the unassigned (-1) count as one group.
    """
    from sklearn.metrics import (  # noqa: PLC0415 - see `artefacts`
        adjusted_rand_score,
        normalized_mutual_info_score,
        v_measure_score,
    )

    kept = [at for at, label in enumerate(truth) if label]
    labels, groups = [truth[at] for at in kept], found[kept]
    return {
        "v_measure": float(v_measure_score(labels, groups)),
        "nmi": float(normalized_mutual_info_score(labels, groups)),
        "ari": float(adjusted_rand_score(labels, groups)),
    }
