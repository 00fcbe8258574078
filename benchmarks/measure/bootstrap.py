"""How far a median can be believed: bootstrap intervals (Efron 1979, percentile method), the same every time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 4000
SEED = 0
LEVEL = (2.5, 97.5)  # percentiles around 95 %

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A median and its 95 % bootstrap interval."""

    median: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Return the width of the interval as a share of the median."""
        return (self.high - self.low) / self.median


def median_interval(values: Values) -> Interval:
    """Return the median of values (N,), one of each round, and its interval."""
    return _interval(float(np.median(values)), _resampled_medians(values, SEED))


def ratio_interval(values: Values, base: Values) -> Interval:
    """Return how the medians of two runs' values, (N,) and (M,), compare; nothing pairs them."""
    ratios = _resampled_medians(values, SEED) / _resampled_medians(base, SEED + 1)
    return _interval(float(np.median(values) / np.median(base)), ratios)


def _resampled_medians(values: Values, seed: int) -> Values:
    """Return the medians of as many values drawn from `values` again and again, float64 (RESAMPLES,)."""
    drawn = np.random.RandomState(seed).randint(len(values), size=(RESAMPLES, len(values)))
    return np.asarray(np.median(values[drawn], axis=1))


def _interval(median: float, resampled: Values) -> Interval:
    low, high = (float(value) for value in np.percentile(resampled, LEVEL))
    return Interval(median, low, high)
