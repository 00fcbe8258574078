"""Processes of this machine, as /proc tells."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def readers(pipe: Path) -> set[int]:
    """Return the processes that have a pipe open, but for this one."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == str(pipe):  # noqa: PTH115
                found.add(int(link.parts[2]))
        except OSError:  # ended meanwhile
            continue
    return found - {os.getpid()}


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds, and fail when so many seconds have passed."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
