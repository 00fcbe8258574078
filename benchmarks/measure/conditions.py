"""What else goes on in the machine while something is measured: its clock, its heat, and who uses its cores."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...edge.machine.description import clock_mhz, governor
from ...edge.machine.procfs import ROOT, read
from ...edge.machine.throttling import Throttling, throttling

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # of the kernel's counters, a second


@dataclass(frozen=True)
class Conditions:
    """The machine at one moment."""

    governor: str | None
    throttling: Throttling


@dataclass(frozen=True)
class Phase:
    """Seconds that passed while one thing was measured, and core-seconds that were used in them.

    `own` is the benchmark with its children, `busy` everybody on this machine, `stolen` what a virtual machine's host
    gave to others; the last two are None where the system does not say. `waits` is whether it waits for its children.
    """

    name: str
    waits: bool
    wall: float
    own: float
    busy: float | None
    stolen: float | None


@dataclass
class Watch:
    """Looks on while things are measured, on the machine whose files lie below `root`."""

    root: Path = ROOT
    conditions: list[Conditions] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    mhz: list[float] = field(default_factory=list)  # at the end of each round, so under load

    def __post_init__(self) -> None:
        self._look()

    @contextmanager
    def phase(self, name: str, *, waits: bool = False) -> Iterator[None]:
        """Record what is used within it, and the conditions after it."""
        before = self._used()
        yield
        wall, own, busy, stolen = (
            None if then is None or now is None else now - then for then, now in zip(before, self._used(), strict=True)
        )
        assert wall is not None
        assert own is not None
        self.phases.append(Phase(name, waits, wall, own, busy, stolen))
        self._look()

    def after_round(self) -> None:
        """Record the clock; called right after work, before an idle core slows down."""
        mhz = clock_mhz(self.root)
        if mhz is not None:
            self.mhz.append(mhz)

    def _look(self) -> None:
        self.conditions.append(Conditions(governor(self.root), throttling(self.root)))

    def _used(self) -> tuple[float, float, float | None, float | None]:
        """Return seconds so far: passed, of this process and its ended children, of all processes, stolen."""
        times = os.times()
        return time.perf_counter(), sum(times[:4]), *_system_seconds(self.root)


def _system_seconds(root: Path) -> tuple[float, float] | tuple[None, None]:
    """Return core-seconds (busy, stolen) of all cores since the start, from the first line of /proc/stat (proc(5))."""
    line = read(root / "proc/stat").partition("\n")[0].split()
    if line[:1] != ["cpu"]:
        return None, None
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(ticks) / TICKS for ticks in line[1:9])
    return user + nice + system + irq + softirq, steal  # guests are counted in user
