"""Whether this system runs in a container, and whose."""

import re
from pathlib import Path

from .procfs import ROOT, read

GROUPS = re.compile(r"(kubepods|docker|libpod|lxc)")
ENGINES = {"kubepods": "kubernetes", "docker": "docker", "libpod": "podman", "lxc": "lxc"}
"""Engines by what they call the control groups of their containers."""

MARKS = {
    "var/run/secrets/kubernetes.io": "kubernetes",
    "run/.containerenv": "podman",
    ".dockerenv": "docker",
}
"""Files that engines lay into their containers; those of Kubernetes may carry docker's too."""


def container(root: Path = ROOT) -> str | None:
    """Return the name of the container engine, None outside of containers.

    Told by a mark of the engine's, by /run/systemd/container ("The Container Interface" of systemd), or by the name of
    the first process's control group.
    """
    marked = next((engine for mark, engine in MARKS.items() if (root / mark).exists()), None)
    named = read(root / "run/systemd/container")
    group = GROUPS.search(read(root / "proc/1/cgroup"))
    return marked or named or (ENGINES[group[1]] if group else None)
