"""How many cores this process may use: those of its affinity, less what the quotas of its control groups allow."""

import math
import os
from pathlib import Path

from .cgroup import group_folders
from .procfs import ROOT, read


def usable_cores(root: Path = ROOT) -> int:
    """Return how many threads can run at once, at least 1: never the host's cores where fewer are allowed."""
    return cores_within(_affinity(), cpu_quota(root))


def cores_within(allowed: int, quota: float) -> int:
    """Return how many of the `allowed` cores a quota, in cores, leaves for steady use.

    A quota of 2.5 gives 2: a third thread would spend it early, and all would stand still until the next period.
    """
    return max(1, allowed if quota >= allowed else int(quota))


def cpu_quota(root: Path = ROOT) -> float:
    """Return the cores' worth of time that the control groups allow, infinite where there is no limit."""
    return min((_quota(folder) for folder in group_folders("cpu", root)), default=math.inf)


def _affinity() -> int:
    """Return the number of cores that the scheduler may put this process on."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not on this system, or not in this sandbox
        return os.cpu_count() or 1


def _quota(group: Path) -> float:
    """Return the quota of one group, in cores: cpu.max of version 2, cpu.cfs_* of version 1, infinite without."""
    words = read(group / "cpu.max").split()
    if not words:
        words = [read(group / "cpu.cfs_quota_us"), read(group / "cpu.cfs_period_us")]
    try:
        quota, period = map(int, words)  # microseconds; "max" or -1 is no limit
    except ValueError:
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
