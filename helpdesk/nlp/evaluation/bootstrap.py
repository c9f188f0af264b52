"""Whether one model is better than another beyond noise: both are asked the same questions, and questions are drawn."""

from dataclasses import dataclass

import numpy as np

from helpdesk.nlp.evaluation.metrics import Doubles

DRAWS = 2_000
INTERVAL = (2.5, 97.5)  # percentiles
FEWEST = 50  # questions; of fewer no interval is worth believing


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the challenger is on average, and the 95% interval of that."""

    mean: float
    low: float
    high: float
    rows: int

    @property
    def is_gain(self) -> bool:
        """Whether it is better beyond noise."""
        return self.rows >= FEWEST and self.low > 0

    @property
    def is_loss(self) -> bool:
        return self.high < 0

    def __str__(self) -> str:
        return f"{self.mean:+.4f} (95% interval {self.low:+.4f} to {self.high:+.4f}, {self.rows} questions)"


def paired_difference(before: Doubles, after: Doubles, *, seed: int = 0, draws: int = DRAWS) -> Difference:
    """The difference of two models' figures on the same questions, each array of shape (n,), more being better.

    Questions are drawn with replacement, both figures of one together (Efron and Tibshirani 1993, chapter 8): what
    makes a question hard for both models does not count.
    """
    gains = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not len(gains):
        return Difference(0.0, 0.0, 0.0, 0)
    generator = np.random.default_rng(seed)
    means = [gains[generator.integers(len(gains), size=len(gains))].mean() for _ in range(draws)]
    low, high = np.percentile(means, INTERVAL)
    return Difference(float(gains.mean()), float(low), float(high), len(gains))
