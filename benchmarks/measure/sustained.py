"""The net over minutes: boards that keep cool at first slow down after ten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...edge.machine.description import clock_mhz
from ...edge.machine.procfs import ROOT
from ...edge.machine.throttling import throttling
from ...edge.stats.paired_timing import Task, time_in_turns

MINUTE = 60.0  # seconds
ROUNDS = 100_000  # more than fit into a minute
CALLS = 20  # a turn


@dataclass(frozen=True)
class Minute:
    """One minute's end: temperature, clock, and the median of each model in it, in milliseconds."""

    minute: int
    celsius: float | None
    mhz: float | None
    net_ms: list[float]

    def describe(self) -> str:
        """Return the minute on one line."""
        heat = "" if self.celsius is None else f", {self.celsius:.1f} degrees Celsius"
        clock = "" if self.mhz is None else f", {self.mhz:,.0f} MHz"
        return f"minute {self.minute}: {', '.join(f'{median:.3f}' for median in self.net_ms)} ms{heat}{clock}"


def run_minutes(tasks: Sequence[Task], minutes: int, say: Callable[[str], object], root: Path = ROOT) -> list[Minute]:
    """Go on with the tasks for so many minutes and `say` each; Ctrl-C ends it, and the full minutes are kept."""
    done: list[Minute] = []
    try:
        for number in range(1, minutes + 1):
            timings = time_in_turns(tasks, ROUNDS, CALLS, seconds=MINUTE)
            medians = [1000 * float(np.median(own)) for own in timings]
            done.append(Minute(number, throttling(root).celsius, clock_mhz(root), medians))
            say(done[-1].describe())
    except KeyboardInterrupt:
        pass
    return done
