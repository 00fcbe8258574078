"""How much memory there is: the machine's, within the limits of this process's control groups."""

from pathlib import Path

from .cgroup import group_folders
from .procfs import ROOT, entry, read


def memory(root: Path = ROOT) -> tuple[int, int]:
    """Return (all, available) memory in bytes, the latter without swapping; 0 where Linux doesn't tell."""
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
