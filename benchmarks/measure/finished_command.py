"""A command of `edge-cifar` in a process of its own: what it said, how long it took, how much memory."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ...edge.errors import EdgeCifarError


@dataclass(frozen=True)
class Finished:
    """A command that ended: its seconds, most MB at a time, standard output, and last words where it failed."""

    seconds: float
    peak_mb: float
    output: str
    problem: str = ""


def edge_cifar(*arguments: str, cache: Path | None = None) -> Finished:
    """Run `edge-cifar` with `arguments` to its end, with the cache in the folder `cache` instead of the user's.

    A command that was killed has no figure for its memory: 0.
    """
    environment = os.environ | ({"XDG_CACHE_HOME": str(cache.resolve())} if cache else {})
    command = [sys.executable, "-m", "edge_cifar.benchmarks.measure.fresh_process", *arguments]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
    seconds = time.perf_counter() - started
    *output, last = done.stdout.splitlines() or [""]
    peak_bytes = json.loads(last)["peak_bytes"] if done.returncode >= 0 else 0
    words = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
    return Finished(seconds, peak_bytes / 1e6, "\n".join(output), words[0] if done.returncode else "")


def done(*arguments: str, cache: Path | None = None) -> Finished:
    """Run a command of `edge-cifar`, with a cache of its own if given. Raises EdgeCifarError when it fails."""
    finished = edge_cifar(*arguments, cache=cache)
    if finished.problem:
        raise EdgeCifarError(f"edge-cifar {' '.join(arguments)}: {finished.problem}")
    return finished
