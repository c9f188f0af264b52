"""Sums and shares of numbers that are logarithms, without SciPy, which a web process can do without."""

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


def logsumexp(values: npt.NDArray[np.floating]) -> Doubles:
    """The logarithm of the sum of exponentials along the last axis, shape (…)."""
    return np.asarray(np.logaddexp.reduce(values, axis=-1), dtype=np.float64)


def log_softmax(values: npt.NDArray[np.floating]) -> Doubles:
    """The logarithms of the shares that exponentials have in their sum along the last axis, shape (…, n)."""
    return np.asarray(values - logsumexp(values)[..., None], dtype=np.float64)


def softmax(values: npt.NDArray[np.floating]) -> Doubles:
    """The shares that exponentials have in their sum along the last axis, shape (…, n)."""
    return np.exp(log_softmax(values))
