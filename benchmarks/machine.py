"""The machine that a measurement was made on, described in a few lines."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ..edge.model import usable_cores

PACKAGES = ("edge-cifar", "onnxruntime", "numpy", "pillow")  # what the measured work runs in

INT8_INSTRUCTIONS = (
    *("avx2", "avx512bw", "avx_vnni", "avx512_vnni", "amx_int8"),  # x86
    *("asimd", "asimddp", "i8mm"),  # Arm
)
"""CPU features that onnxruntime picks its int8 kernels by, as Linux names them, slow to fast."""

ARM_CORES = {
    ("0x41", "0xd03"): "Cortex-A53",  # Raspberry Pi 3, Zero 2
    ("0x41", "0xd08"): "Cortex-A72",  # Raspberry Pi 4
    ("0x41", "0xd0b"): "Cortex-A76",  # Raspberry Pi 5
}
"""Cores by (implementer, part); Arm's cpuinfo has numbers where x86 has a name."""


@dataclass(frozen=True)
class Machine:
    """What decides how fast a model runs; `load` is the load average of the last minute (tasks wanting a core)."""

    cpu: str
    int8_instructions: tuple[str, ...]
    cores: int  # that this process may use
    governor: str | None  # None where the kernel has no say in the clock, as in virtual machines
    load: float
    system: str
    versions: Mapping[str, str]
    date: str  # ISO 8601, UTC

    def describe(self) -> dict[str, str]:
        """Return one line of text a topic."""
        return {
            "cpu": self.cpu,
            "int8": ", ".join(self.int8_instructions) or "unknown",
            "cores": f"{self.cores}, governor {self.governor or 'unknown'}, load {self.load:.2f} at the start",
            "system": self.system,
            "software": ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            "date": self.date,
        }


def this_machine(root: Path = Path("/")) -> Machine:
    """Describe this machine from the files that Linux shows below `root`, elsewhere from what Python knows."""
    cpuinfo = _read(root / "proc/cpuinfo")
    board = _read(root / "proc/device-tree/model").rstrip("\0")
    present = f"{_entry(cpuinfo, 'flags')} {_entry(cpuinfo, 'Features')}".split()
    distribution = _entry(_read(root / "etc/os-release"), "PRETTY_NAME").strip('"')
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Machine(
        cpu=_cpu(cpuinfo, board),
        int8_instructions=tuple(name for name in INT8_INSTRUCTIONS if name in present),
        cores=usable_cores(),
        governor=_read(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip() or None,
        load=os.getloadavg()[0],
        system=f"{distribution}, {kernel}" if distribution else kernel,
        versions={"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _cpu(cpuinfo: str, board: str) -> str:
    """Return "board (core)", as far as they are known."""
    part = (_entry(cpuinfo, "CPU implementer"), _entry(cpuinfo, "CPU part"))
    core = _entry(cpuinfo, "model name") or ARM_CORES.get(part, "")
    if board and core:
        return f"{board} ({core})"
    return board or core or platform.processor() or platform.machine()


def _entry(text: str, name: str) -> str:
    """Return the value of the first line `name : value` or `name=value`, empty if there is none."""
    match = re.search(rf"^{name}[ \t]*[:=](.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
