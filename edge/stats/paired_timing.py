"""Timing things against each other: in turns, so that a busy moment or a lower clock meets all of them alike."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Task: TypeAlias = Callable[[int], object]
"""What is timed: called with 0, 1, 2, ..., so that it can work on another input each time."""

Seconds: TypeAlias = npt.NDArray[np.float64]

FEWEST_ROUNDS = 3  # however little time there is
FEWEST_CALLS = 4  # a turn
RESOLVED = 1000  # steps of the clock that a timing takes at least, so that it is exact to a thousandth


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


def time_in_turns(
    tasks: Sequence[Task],
    rounds: int,
    calls: int,
    *,
    seconds: float = math.inf,
    after_round: Callable[[], object] = lambda: None,
) -> list[Seconds]:
    """Return for each task the seconds that a call took, float64 (rounds, calls).

    Each round gives every task one turn of `calls` timings, forwards and backwards by turns, so that no task always
    follows the same other. A round before the first is for warming up and not kept. Nor is the first call of a
    turn: it brings back into the caches what the other tasks drove out. Calls too short for the clock are timed
    several together, and what is kept is their mean. There are fewer rounds than asked for, but `FEWEST_ROUNDS`, when
    `seconds` are over.
    """
    step = clock_step()
    together = [1] * len(tasks)  # calls in a timing
    kept: list[list[list[float]]] = [[] for _ in tasks]
    order = list(range(len(tasks)))
    for index in order:
        together[index] = _calls_together(_turn(tasks[index], 0, calls, 1), step)
    started = time.perf_counter()
    for turn in range(1, rounds + 1):
        order.reverse()
        for index in order:
            kept[index].append(_turn(tasks[index], turn * calls, calls, together[index]))
        after_round()
        if turn >= FEWEST_ROUNDS and time.perf_counter() - started >= seconds:
            break
    return [np.array(own) for own in kept]


def calls_within(tasks: Sequence[Task], seconds: float, most: int) -> int:
    """Return how many calls of the slowest task take `seconds`, `FEWEST_CALLS` to `most`; each is tried a few times."""
    slowest = max(float(np.median(_turn(task, 0, FEWEST_CALLS, 1))) for task in tasks)
    return min(most, max(FEWEST_CALLS, int(seconds / slowest) if slowest else most))


def clock_step() -> float:
    """Return the least time that the clock can tell, in seconds: its step, or what reading it takes."""
    readings = np.array([time.perf_counter() for _ in range(1000)])
    steps = np.diff(readings)
    return float(min(steps[steps > 0], default=0.0))


def latency(seconds: Seconds) -> Latency:
    """Return the percentiles of all calls in `seconds` (rounds, calls)."""
    p50, p90, p99 = (float(value) for value in np.percentile(seconds * 1000, [50, 90, 99]))
    return Latency(p50, p90, p99)


def ratio(seconds: Seconds, base: Seconds) -> Ratio:
    """Return how `seconds` compares with `base`, both (rounds, calls): medians divided round by round."""
    low, median, high = (float(value) for value in np.percentile(ratios_by_round(seconds, base), [25, 50, 75]))
    return Ratio(median, low, high)


def ratios_by_round(seconds: Seconds, base: Seconds) -> Seconds:
    """Return the ratio of the medians of each round, float64 (rounds,), of timings (rounds, calls)."""
    return np.asarray(np.median(seconds, axis=1) / np.median(base, axis=1))


def _turn(task: Task, first: int, calls: int, together: int) -> list[float]:
    """Return the seconds that a call took, of `calls` timings of so many calls `together`."""
    number = first * together
    task(number)
    durations = []
    for _ in range(calls):
        started = time.perf_counter()
        for call in range(number, number + together):
            task(call)
        durations.append((time.perf_counter() - started) / together)
        number += together
    return durations


def _calls_together(durations: Sequence[float], step: float) -> int:
    duration = float(np.median(durations))
    return max(1, math.ceil(RESOLVED * step / duration)) if duration else 1
