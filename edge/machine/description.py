"""The machine that a model runs on, read from the files in which Linux describes it."""

import math
import os
import platform
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .container import container
from .cores import cpu_quota, usable_cores
from .memory import memory
from .procfs import ROOT, entry, read
from .throttling import throttling

PACKAGES = ("edge-cifar", "onnxruntime", "numpy", "pillow")  # what the measured work runs in

INT8_INSTRUCTIONS = (
    *("avx2", "avx512bw", "avx_vnni", "avx512_vnni", "amx_int8"),  # x86
    *("asimd", "asimddp", "i8mm"),  # Arm
)
"""CPU features that onnxruntime picks its int8 kernels by, as Linux names them, slow to fast."""

INSTRUCTIONS = (
    *("sse2", "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni"),  # x86
    *("avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16"),
    *("neon", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2"),  # Arm
)
"""Vector instructions as Linux names them, old to new."""

ARM_CORES = {
    ("0x41", "0xd03"): "Cortex-A53",  # Raspberry Pi 3, Zero 2
    ("0x41", "0xd08"): "Cortex-A72",  # Raspberry Pi 4
    ("0x41", "0xd0b"): "Cortex-A76",  # Raspberry Pi 5
}
"""Cores by (implementer, part); Arm's cpuinfo has numbers where x86 has a name."""


@dataclass(frozen=True)
class Machine:
    """What decides how fast a model runs."""

    cpu: str
    instructions: tuple[str, ...]
    int8_instructions: tuple[str, ...]
    cores: int  # that this process may use
    cores_present: int
    cpu_quota: float | None  # cores' worth of time, None without a limit
    governor: str | None  # None where the kernel has no say in the clock, as in virtual machines
    mhz: float | None  # of the fastest core, now
    celsius: float | None
    throttled: tuple[str, ...]  # what slows it down now, as the firmware of a Raspberry Pi says
    throttled_before: tuple[str, ...]  # since the start, but not now
    load: float | None  # average of the last minute, tasks wanting a core; None where the system has none (Windows)
    memory_bytes: int  # of the machine or of this process's group, whichever is less; 0 where unknown
    available_bytes: int  # of it, without swapping
    userland_bits: int  # of Python and its packages
    kernel_bits: int
    system: str
    container: str | None
    versions: Mapping[str, str]
    date: str  # ISO 8601, UTC

    def describe(self) -> dict[str, str]:
        """Return one line of text a topic."""
        return {
            "cpu": self.cpu,
            "vectors": ", ".join(self.instructions) or "unknown",
            "int8": ", ".join(self.int8_instructions) or "unknown",
            "cores": f"{self.cores} of {self.cores_present}, governor {self.governor or 'unknown'}, "
            f"load {'unknown' if self.load is None else f'{self.load:.2f}'} at the start",
            "clock": self._clock(),
            "memory": f"{self.memory_bytes / 1e6:,.0f} MB, {self.available_bytes / 1e6:,.0f} MB available",
            "system": f"{self.system}, in {self.container}" if self.container else self.system,
            "software": ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            "date": self.date,
        }

    def _clock(self) -> str:
        mhz = f"{self.mhz:,.0f} MHz" if self.mhz else "unknown"
        heat = "no temperature sensor" if self.celsius is None else f"{self.celsius:.1f} degrees Celsius"
        slowed = [f"now: {words}" for words in self.throttled] + [f"before: {words}" for words in self.throttled_before]
        return ", ".join([mhz, heat, *slowed])


def this_machine(root: Path = ROOT) -> Machine:
    """Describe this machine from the files that Linux shows below `root`, elsewhere from what Python knows."""
    cpuinfo = read(root / "proc/cpuinfo")
    present = len(re.findall(r"^processor\s*:", cpuinfo, re.MULTILINE)) or os.cpu_count() or 1
    quota = cpu_quota(root)
    total, available = memory(root)
    kernel = read(root / "proc/sys/kernel/arch") or platform.machine()
    distribution = entry(read(root / "etc/os-release"), "PRETTY_NAME").strip('"')
    heat = throttling(root)
    features = f"{entry(cpuinfo, 'flags')} {entry(cpuinfo, 'Features')}".split()
    release = f"{platform.system()} {platform.release()} {kernel}"
    return Machine(
        cpu=_cpu(cpuinfo, read(root / "proc/device-tree/model").rstrip("\0")),
        instructions=tuple(name for name in INSTRUCTIONS if name in features),
        int8_instructions=tuple(name for name in INT8_INSTRUCTIONS if name in features),
        cores=usable_cores(root),
        cores_present=present,
        cpu_quota=None if math.isinf(quota) else quota,
        governor=governor(root),
        mhz=clock_mhz(root),
        celsius=heat.celsius,
        throttled=heat.now,
        throttled_before=heat.before,
        load=_load(root),
        memory_bytes=total,
        available_bytes=available,
        userland_bits=_userland_bits(root),
        kernel_bits=64 if "64" in kernel or kernel == "s390x" else 32,
        system=f"{distribution}, {release}" if distribution else release,
        container=container(root),
        versions={"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def governor(root: Path = ROOT) -> str | None:
    """Return what sets the clock, None where the kernel has no say in it."""
    return read(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None


def clock_mhz(root: Path = ROOT) -> float | None:
    """Return the clock of the fastest core at this moment, None where it isn't told.

    In scaling_cur_freq the kernel counts in kHz ("CPU Performance Scaling" in its documentation).
    """
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")
    kilohertz = [int(text) for text in map(read, files) if text.isdigit()]
    if kilohertz:
        return max(kilohertz) / 1000
    told = re.findall(r"^cpu MHz\s*: ([\d.]+)$", read(root / "proc/cpuinfo"), re.MULTILINE)
    return max(map(float, told), default=None)


def _load(root: Path) -> float | None:
    if told := read(root / "proc/loadavg").split():
        return float(told[0])
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _cpu(cpuinfo: str, board: str) -> str:
    """Return "board (core)", as far as they are known."""
    part = (entry(cpuinfo, "CPU implementer"), entry(cpuinfo, "CPU part"))
    core = entry(cpuinfo, "model name") or ARM_CORES.get(part, "")
    if board and core:
        return f"{board} ({core})"
    return board or core or platform.processor() or platform.machine()


def _userland_bits(root: Path) -> int:
    """Return the word size of the running program, from the fifth byte of its file (elf(5), EI_CLASS)."""
    try:
        with (root / "proc/self/exe").open("rb") as file:
            return {1: 32, 2: 64}[file.read(5)[4]]
    except (OSError, IndexError, KeyError):
        return 8 * struct.calcsize("P")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
