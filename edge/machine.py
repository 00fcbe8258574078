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

from .cgroup import group_folders, lines
from .cores import ROOT, allowed_cores, cores_within, cpu_quota

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
    cores_present: int
    cpu_quota: float | None  # cores' worth of time, None without a limit
    governor: str | None  # None where the kernel has no say in the clock, as in virtual machines
    load: float
    memory_bytes: int  # of the machine or of this process's group, whichever is less; 0 where unknown
    available_bytes: int  # of it, without swapping
    userland_bits: int  # of Python and its packages
    kernel_bits: int
    system: str
    versions: Mapping[str, str]
    date: str  # ISO 8601, UTC

    def describe(self) -> dict[str, str]:
        """Return one line of text a topic."""
        return {
            "cpu": self.cpu,
            "int8": ", ".join(self.int8_instructions) or "unknown",
            "cores": f"{self.cores} of {self.cores_present}, governor {self.governor or 'unknown'}, "
            f"load {self.load:.2f} at the start",
            "memory": f"{self.memory_bytes / 1e6:,.0f} MB, {self.available_bytes / 1e6:,.0f} MB available",
            "system": self.system,
            "software": ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            "date": self.date,
        }


def this_machine(root: Path = ROOT) -> Machine:
    """Describe this machine from the files that Linux shows below `root`, elsewhere from what Python knows."""
    cpuinfo = read(root / "proc/cpuinfo")
    present = len(re.findall(r"^processor\s*:", cpuinfo, re.MULTILINE)) or os.cpu_count() or 1
    quota = cpu_quota(root)
    memory, available = _memory(root)
    kernel = read(root / "proc/sys/kernel/arch").strip() or platform.machine()
    distribution = entry(read(root / "etc/os-release"), "PRETTY_NAME").strip('"')
    release = f"{platform.system()} {platform.release()} {kernel}"
    return Machine(
        cpu=_cpu(cpuinfo, read(root / "proc/device-tree/model").rstrip("\0")),
        int8_instructions=_int8_instructions(cpuinfo),
        cores=cores_within(_allowed(root, present), quota),
        cores_present=present,
        cpu_quota=None if math.isinf(quota) else quota,
        governor=read(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip() or None,
        load=float((read(root / "proc/loadavg").split() or os.getloadavg())[0]),
        memory_bytes=memory,
        available_bytes=available,
        userland_bits=_userland_bits(root),
        kernel_bits=64 if "64" in kernel or kernel == "s390x" else 32,
        system=f"{distribution}, {release}" if distribution else release,
        versions={"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def read(path: Path) -> str:
    """Return a file's text, empty where it can't be read."""
    return "\n".join(lines(path))


def entry(text: str, name: str) -> str:
    """Return the value of the first line `name : value` or `name=value`, empty if there is none."""
    match = re.search(rf"^{name}[ \t]*[:=](.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _cpu(cpuinfo: str, board: str) -> str:
    """Return "board (core)", as far as they are known."""
    part = (entry(cpuinfo, "CPU implementer"), entry(cpuinfo, "CPU part"))
    core = entry(cpuinfo, "model name") or ARM_CORES.get(part, "")
    if board and core:
        return f"{board} ({core})"
    return board or core or platform.processor() or platform.machine()


def _int8_instructions(cpuinfo: str) -> tuple[str, ...]:
    present = f"{entry(cpuinfo, 'flags')} {entry(cpuinfo, 'Features')}".split()
    return tuple(name for name in INT8_INSTRUCTIONS if name in present)


def _allowed(root: Path, present: int) -> int:
    """Return the number of cores in this process's affinity; the list may name cores that the machine lacks."""
    spans = entry(read(root / "proc/self/status"), "Cpus_allowed_list")
    if not spans:
        return min(present, allowed_cores())
    ends = [span.split("-") for span in spans.split(",")]
    return min(present, sum(int(end[-1]) - int(end[0]) + 1 for end in ends))


def _memory(root: Path) -> tuple[int, int]:
    """Return (all, available) memory in bytes, within the limits of the control groups."""
    meminfo = read(root / "proc/meminfo")
    total, available = (
        int(entry(meminfo, name).removesuffix(" kB") or 0) * 1024 for name in ("MemTotal", "MemAvailable")
    )
    for group in group_folders("memory", root):
        limit = read(group / "memory.max") or read(group / "memory.limit_in_bytes")
        used = read(group / "memory.current") or read(group / "memory.usage_in_bytes")
        if limit.isdigit() and used.isdigit():  # "max" is none
            total, available = min(total, int(limit)), min(available, max(0, int(limit) - int(used)))
    return total, available


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
