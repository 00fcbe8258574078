"""Heat and power: what slows a small board down while it works."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .procfs import ROOT, read

CPU_ZONES = ("cpu-thermal", "x86_pkg_temp")  # names of the sensor in a CPU, on a Raspberry Pi and on Intel

PROBLEMS = {
    0: "the voltage is too low",
    1: "the clock is capped",
    2: "it is throttled",
    3: "the soft temperature limit is reached",
}
"""Bits of the firmware's answer; 16 higher is the same, at any time since the start.

Raspberry Pi documentation, "vcgencmd", get_throttled.
"""


@dataclass(frozen=True)
class Throttling:
    """What the board's sensors and firmware say; None and () where there are none to ask."""

    celsius: float | None
    now: tuple[str, ...]
    before: tuple[str, ...]  # since the start, but not now


def throttling(root: Path = ROOT) -> Throttling:
    """Return the temperature of the CPU, and what the firmware of a Raspberry Pi says of its power."""
    bits = _throttled(root)
    now = tuple(name for bit, name in PROBLEMS.items() if bits >> bit & 1)
    ever = (name for bit, name in PROBLEMS.items() if bits >> bit + 16 & 1)
    return Throttling(_celsius(root), now, tuple(name for name in ever if name not in now))


def _celsius(root: Path) -> float | None:
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        value = read(zone / "temp")
        if read(zone / "type") in CPU_ZONES and value.lstrip("-").isdigit():
            return int(value) / 1000
    return None


def _throttled(root: Path) -> int:
    """Return the firmware's bits, 0 where nobody tells."""
    return next((bits for text in _reports(root) if (bits := _hexadecimal(text)) is not None), 0)


def _reports(root: Path) -> Iterator[str]:
    """Yield the firmware's bits in hexadecimal: as its own program tells them, then as the kernel of a Pi 4 last heard.

    The kernel often has not asked, and logs a warning when its file is read (raspberrypi/linux, #2367 and
    drivers/firmware/raspberrypi.c).
    """
    program = root / "usr/bin/vcgencmd"
    if program.exists():
        with suppress(OSError, subprocess.TimeoutExpired):
            answer = subprocess.run([program, "get_throttled"], capture_output=True, text=True, timeout=5, check=False)
            yield answer.stdout.partition("=")[2]
    for path in (root / "sys/devices/platform").glob("soc*/soc*:firmware/get_throttled"):
        yield read(path)


def _hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None
