"""A command of `edge-cifar` in a process of its own: what it said, how long it took, how much memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO


@dataclass(frozen=True)
class Finished:
    """A command that ended: its seconds, most MB at a time, standard output, and last words where it failed."""

    seconds: float
    peak_mb: float
    output: str
    problem: str = ""


def edge_cifar(*arguments: str, cache: Path | None = None) -> Finished:
    """Run `edge-cifar` with `arguments` to its end, with the cache in the folder `cache` instead of the user's."""
    environment = os.environ | ({"XDG_CACHE_HOME": str(cache.resolve())} if cache else {})
    command = [sys.executable, "-m", "edge_cifar.edge", *arguments]
    with TemporaryFile() as output, TemporaryFile() as words:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=words, env=environment)
        _, status, usage = os.wait4(process.pid, 0)  # the one that tells the memory of this process alone
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        said, told = (_text(file) for file in (output, words))
    last = told.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
    return Finished(seconds, usage.ru_maxrss / 1024, said, last[0] if process.returncode else "")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
