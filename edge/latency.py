"""Timing things against each other: in turns, so that a busy moment or a lower clock meets all of them alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Task: TypeAlias = Callable[[int], object]
"""What is timed: called with 0, 1, 2, ..., so that it can work on another input each time."""

Seconds: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Latency:
    """Percentiles of one call's duration over all rounds, in milliseconds."""

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class Ratio:
    """How a duration compares with another's: the median over the rounds, and the quartiles around it."""

    median: float
    low: float
    high: float


def time_in_turns(tasks: Sequence[Task], rounds: int, calls: int) -> list[Seconds]:
    """Return for each task the seconds that its calls took, float64 (rounds, calls).

    Each round gives every task one turn of `calls` calls, forwards and backwards by turns, so that no task always
    follows the same other. A round before the first is for warming up and not kept. Nor is the first call of a
    turn: it brings back into the caches what the other tasks drove out.
    """
    seconds = np.empty((len(tasks), rounds + 1, calls))
    forwards = list(range(len(tasks)))
    for turn in range(rounds + 1):
        for index in forwards if turn % 2 == 0 else reversed(forwards):
            seconds[index, turn] = _turn(tasks[index], turn * calls, calls)
    return list(seconds[:, 1:])


def latency(seconds: Seconds) -> Latency:
    """Return the percentiles of all calls in `seconds` (rounds, calls)."""
    p50, p90, p99 = (float(value) for value in np.percentile(seconds * 1000, [50, 90, 99]))
    return Latency(p50, p90, p99)


def ratio(seconds: Seconds, base: Seconds) -> Ratio:
    """Return how `seconds` compares with `base`, both (rounds, calls): medians divided round by round."""
    by_round = np.median(seconds, axis=1) / np.median(base, axis=1)  # (rounds,)
    low, median, high = (float(value) for value in np.percentile(by_round, [25, 50, 75]))
    return Ratio(median, low, high)


def _turn(task: Task, first: int, calls: int) -> list[float]:
    task(first)
    durations = []
    for call in range(first, first + calls):
        started = time.perf_counter()
        task(call)
        durations.append(time.perf_counter() - started)
    return durations
