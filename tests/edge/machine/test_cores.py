import math
import os
from pathlib import Path

import pytest
from edge_cifar.edge.machine.cores import cores_within, cpu_quota, usable_cores

V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n"
OTHER = "25 31 0:22 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n24 1 8:1 / / rw - ext4 /dev/sda1 rw\n"


def tree(root: Path, mountinfo: str, cgroup: str, files: dict[str, str]) -> Path:
    files = {"proc/self/mountinfo": mountinfo, "proc/self/cgroup": cgroup, **files}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("mountinfo", "cgroup", "files", "quota"),
    [
        (V2, "0::/a.slice/b\n", {"sys/fs/cgroup/a.slice/b/cpu.max": "150000 100000\n"}, 1.5),
        (V2, "0::/a.slice/b\n", {"sys/fs/cgroup/a.slice/b/cpu.max": "max 100000\n"}, math.inf),
        (
            V2,  # the group above is the tighter one
            "0::/a.slice/b\n",
            {"sys/fs/cgroup/a.slice/b/cpu.max": "400000 100000\n", "sys/fs/cgroup/a.slice/cpu.max": "50000 100000\n"},
            0.5,
        ),
        (V2, "0::/\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2.0),  # a container's own namespace
        (
            V2,  # the process was moved out of the namespace that it sees
            "0::/../../elsewhere\n",
            {"sys/fs/cgroup/cpu.max": "300000 100000\n"},
            3.0,
        ),
        (
            OTHER + V1,
            "5:cpuset:/x\n4:cpu,cpuacct:/docker/1f\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            2.5,
        ),
        (
            # a container without a namespace of its own: its group is what is mounted
            V1.replace(" / /sys", " /docker/1f /sys"),
            "4:cpu,cpuacct:/docker/1f\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "50000\n",
            },
            2.0,
        ),
        (V2 + OTHER, "0::/\n5:cpuset:/x\n", {}, math.inf),
        (V2, "0::/\n", {"sys/fs/cgroup/cpu.max": "nonsense"}, math.inf),
        (V2, "0::/\n", {"sys/fs/cgroup/cpu.max": "0 0\n"}, math.inf),
        ("nonsense\n\n1 - cgroup2\n", "nonsense\n0:\n", {}, math.inf),
    ],
)
def test_the_tightest_quota_counts(
    tmp_path: Path, mountinfo: str, cgroup: str, files: dict[str, str], quota: float
) -> None:
    assert cpu_quota(tree(tmp_path, mountinfo, cgroup, files)) == quota


def test_without_proc_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) == math.inf


@pytest.mark.parametrize(
    ("allowed", "quota", "cores"), [(4, math.inf, 4), (4, 2.5, 2), (4, 0.3, 1), (1, 8.0, 1), (2, 2.0, 2)]
)
def test_cores_are_whole_and_at_least_one(allowed: int, quota: float, cores: int) -> None:
    assert cores_within(allowed, quota) == cores


def test_a_quota_below_the_affinity_decides(tmp_path: Path) -> None:
    assert usable_cores(tree(tmp_path, V2, "0::/\n", {"sys/fs/cgroup/cpu.max": "10000 100000\n"})) == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_the_affinity_decides_below_the_quota(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert usable_cores(tmp_path) == 1
    finally:
        os.sched_setaffinity(0, before)
    assert usable_cores(tmp_path) == len(before)
