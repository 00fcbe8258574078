"""What is kept of the timings of one task: percentiles, the rounds, how the calls are spread."""

from dataclasses import dataclass
from statistics import median

import numpy as np

from ...edge.stats.paired_timing import Latency, Seconds, latency
from .bootstrap import Interval, median_interval

BINS = 40
SHOWN = 99  # percent of the calls that the density shows: the slowest few would press the others into one bin


@dataclass(frozen=True)
class Density:
    """Calls by duration: `counts` of them between each two of `edges`, in milliseconds; the slowest 1 % left out."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True)
class Timing(Latency):
    """Durations of one call, in milliseconds: the percentiles are of all `calls`, `rounds` the median of each round.

    `low` and `high` are the 95 % bootstrap interval of the median of `rounds`.
    """

    low: float
    high: float
    calls: int
    rounds: list[float]
    density: Density

    @property
    def interval(self) -> Interval:
        """Return the median of the rounds and its interval."""
        return Interval(median(self.rounds), self.low, self.high)


def timing(seconds: Seconds) -> Timing:
    """Return what is kept of `seconds` (rounds, calls)."""
    rounds = np.median(seconds, axis=1) * 1000
    interval = median_interval(rounds)
    return Timing(
        **vars(latency(seconds)),
        low=interval.low,
        high=interval.high,
        calls=seconds.size,
        rounds=rounds.tolist(),
        density=_density(seconds * 1000),
    )


def _density(milliseconds: Seconds) -> Density:
    span = float(milliseconds.min()), float(np.percentile(milliseconds, SHOWN, method="lower"))
    counts, edges = np.histogram(milliseconds, bins=BINS, range=span)
    return Density(edges.tolist(), counts.tolist())
