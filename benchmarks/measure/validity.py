"""Whether a run can be believed: what disturbed it, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .bootstrap import Interval
from .conditions import Conditions, Phase, Watch

LONG = 0.5  # seconds; the kernel counts use in hundredths of a second, too coarse for a shorter phase
ELSEWHERE = 0.1  # of all cores' time; one busy program takes a quarter of a board with four cores
OWN = 0.9  # of a core: a thread that never waits has all of it, unless others want it
STOLEN = 0.05  # of the time that passes
CLOCK = 0.9  # slowest by fastest
WIDE = 0.1  # width of a 95 % interval: another run may differ by more than 5 %


@dataclass(frozen=True)
class Validity:
    """`reasons` say why a run is not valid."""

    valid: bool
    reasons: tuple[str, ...]


def judge(watch: Watch, cores: int, intervals: Mapping[str, Interval]) -> Validity:
    """Judge a run by what was seen of a machine with so many cores, and by the intervals of its figures, by name."""
    phases = [phase for phase in watch.phases if phase.wall >= LONG]
    reasons = (*_slowed(watch.conditions), *_clock(watch.mhz), *_load(phases, cores), *_disagreement(intervals))
    return Validity(not reasons, reasons)


def _slowed(conditions: Sequence[Conditions]) -> Iterator[str]:
    """Yield what the firmware and the kernel did; what the firmware noted before the first moment is no news."""
    now = {problem: None for moment in conditions for problem in moment.throttling.now}
    ever = dict.fromkeys(conditions[-1].throttling.before)
    noted = conditions[0].throttling.before
    yield from (f"throttling: {problem}" for problem in now)
    yield from (f"throttling: {problem}, for a moment" for problem in ever if problem not in (*now, *noted))
    governors = list(dict.fromkeys(str(moment.governor) for moment in conditions))
    if len(governors) > 1:
        yield f"the governor changed: {', then '.join(governors)}"


def _clock(mhz: Sequence[float]) -> Iterator[str]:
    if mhz and min(mhz) < CLOCK * max(mhz):
        yield f"the clock changed: {min(mhz):,.0f} to {max(mhz):,.0f} MHz"


def _load(phases: Sequence[Phase], cores: int) -> Iterator[str]:
    """Yield who else used the machine, with the phase that it disturbed most."""
    worst = max(phases, key=_elsewhere, default=None)
    if worst and _elsewhere(worst) > ELSEWHERE * cores:
        yield f"load from elsewhere: {_elsewhere(worst):.2f} of {cores} cores ({worst.name})"
    worst = max(phases, key=_stolen, default=None)
    if worst and _stolen(worst) > STOLEN:
        yield f"load on the host of this virtual machine: {_stolen(worst):.0%} of the time taken away ({worst.name})"
    worst = min((phase for phase in phases if not phase.waits), key=_own, default=None)
    if worst and _own(worst) < OWN:
        yield f"the core was shared: {_own(worst):.0%} of it for the benchmark ({worst.name})"


def _elsewhere(phase: Phase) -> float:
    """Return the cores' worth that others used."""
    return 0.0 if phase.busy is None else (phase.busy - phase.own) / phase.wall


def _stolen(phase: Phase) -> float:
    return (phase.stolen or 0.0) / phase.wall


def _own(phase: Phase) -> float:
    return phase.own / phase.wall


def _disagreement(intervals: Mapping[str, Interval]) -> Iterator[str]:
    for name, interval in intervals.items():
        if interval.width > WIDE:
            yield f"rounds disagree: {name}, {interval.low:.3g} to {interval.high:.3g}"
