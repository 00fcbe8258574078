"""The control groups that limit this process: where Linux shows them, of version 1 and of version 2.

Formats: proc(5), /proc/pid/mountinfo; cgroups(7), /proc/pid/cgroup.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from .procfs import read

GROUP = re.compile(r"\d+:(?P<controllers>[^:]*):(?P<path>/.*)")
MOUNT = re.compile(r"\d+ \d+ \S+ (?P<top>/\S*) (?P<point>/\S*) .*- (?P<kind>cgroup2?) \S+ (?P<options>\S+)")


def group_folders(controller: str, root: Path) -> Iterator[Path]:
    """Yield the folders of this process's groups that can limit `controller` ("cpu", "memory"), its own first.

    A limit of any of them holds for the process.
    """
    paths = {}  # of this process's group, by controller; "" is version 2
    for line in filter(None, map(GROUP.match, read(root / "proc/self/cgroup").splitlines())):
        paths.update(dict.fromkeys(line["controllers"].split(","), line["path"]))
    for line in filter(None, map(MOUNT.match, read(root / "proc/self/mountinfo").splitlines())):
        wanted = "" if line["kind"] == "cgroup2" else controller
        if wanted in paths and (not wanted or wanted in line["options"].split(",")):
            group = root / line["point"].lstrip("/")
            relative = _below(line["top"], paths[wanted])
            yield group / relative
            yield from (group / parent for parent in relative.parents)


def _below(top: str, path: str) -> Path:
    """Return a group's path relative to the group that is mounted; that itself where the path lies outside of it."""
    try:
        relative = Path(path).relative_to(top)
    except ValueError:
        return Path()
    return Path() if ".." in relative.parts else relative
