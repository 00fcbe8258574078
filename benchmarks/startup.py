"""What a start costs: `edge-cifar predict PHOTO` in fresh processes, time to its answer and memory."""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ..edge.errors import EdgeCifarError

FRESH = (sys.executable, "-m", f"{__package__}.fresh")


@dataclass(frozen=True)
class Start:
    """Seconds from starting a process until it prints the first label; the most memory it held, in bytes."""

    seconds: float
    peak_bytes: int


def measure_starts(models: Sequence[Path], photo: Path, threads: int, starts: int) -> list[Start]:
    """Return for each model the medians over `starts` fresh processes, the models taking turns.

    A start of each before that is not counted: it fills the disk cache. Raises EdgeCifarError when one fails.
    """
    rounds = [[start_once(model, photo, threads) for model in models] for _ in range(starts + 1)]
    return [
        Start(median(start.seconds for start in own), round(median(start.peak_bytes for start in own)))
        for own in zip(*rounds[1:], strict=True)
    ]


def start_once(model: Path, photo: Path, threads: int) -> Start:
    """Classify one photo in a fresh process. Raises EdgeCifarError with its last words when it fails."""
    command = [*FRESH, "predict", str(photo), "--model", str(model), "--threads", str(threads)]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        seconds = time.perf_counter() - started
        peak, words = process.stdout.read(), process.stderr.read().strip()
    if process.returncode:
        raise EdgeCifarError(f"{model}: a fresh process failed (exit {process.returncode}): {words}")
    return Start(seconds, int(peak))
