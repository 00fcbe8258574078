"""What a start costs: `edge-cifar predict PHOTO` in fresh processes, time to its answer and memory.

`python -m edge_cifar.benchmarks.measure.startup` compares it with the bare import of its libraries.
"""

import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.synthetic_shapes import write_photos
from ...edge.errors import EdgeCifarError
from ...edge.model.shipped_models import SHIPPED_DEFAULT
from ...edge.stats.paired_timing import ratio

IMPORTS = (sys.executable, "-c", "import numpy, PIL.Image, onnxruntime")
FRESH = (sys.executable, "-m", f"{__package__}.fresh_process")
PARTS = ("interpreter", "imports", "session", "first answer")


@dataclass(frozen=True)
class Start:
    """Seconds from starting a process until it prints the first label; the most memory it held, in bytes.

    `parts` says what the seconds went to, one after the other; `rounds` holds those of each process.
    """

    seconds: float
    peak_bytes: int
    parts: Mapping[str, float]
    rounds: tuple[float, ...] = ()


def measure_starts(
    models: Sequence[Path], photo: Path, threads: int, starts: int, seconds: float = math.inf
) -> list[Start]:
    """Return for each model the median one of `starts` fresh processes, the models taking turns.

    A start of each before that is not counted: it fills the disk cache. There are fewer, one at least, when `seconds`
    are over. Raises EdgeCifarError when one fails.
    """
    started = time.perf_counter()
    rounds: list[list[Start]] = []
    while len(rounds) <= starts and (len(rounds) < 2 or time.perf_counter() - started < seconds):
        rounds.append([start_once(model, photo, threads) for model in models])
    return [_median(own) for own in zip(*rounds[1:], strict=True)]


def start_once(model: Path, photo: Path, threads: int) -> Start:
    """Classify one photo in a fresh process. Raises EdgeCifarError with its last words when it fails."""
    command = [*FRESH, "predict", str(photo), "--model", str(model), "--threads", str(threads)]
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        answered = time.monotonic()
        last, words = process.stdout.read(), process.stderr.read().strip()
    if process.returncode:
        raise EdgeCifarError(f"{model}: a fresh process failed (exit {process.returncode}): {words}")
    told = json.loads(last)
    ends = [started, *told["moments"], answered]
    parts = {part: end - begin for part, (begin, end) in zip(PARTS, pairwise(ends), strict=True)}
    return Start(answered - started, told["peak_bytes"], parts)


def _median(starts: Sequence[Start]) -> Start:
    """Return the start that took the median time, so that its parts add up, with the median of the memory."""
    middle = sorted(starts, key=lambda start: start.seconds)[len(starts) // 2]
    peak = round(median(start.peak_bytes for start in starts))
    return replace(middle, peak_bytes=peak, rounds=tuple(start.seconds for start in starts))


def startup(
    pairs: Annotated[int, typer.Option(help="Processes of each kind, in turns.", min=1)] = 15,
    threads: Annotated[int, typer.Option(help="Cores that the model may use.", min=1, max=256)] = 1,
) -> None:
    """Compare `edge-cifar predict photo.jpg` with the import of numpy, Pillow and onnxruntime, start to end."""
    program = shutil.which("edge-cifar", path=Path(sys.executable).parent)
    if program is None:
        raise EdgeCifarError(f"no edge-cifar beside {sys.executable}; install the package there")
    with tempfile.TemporaryDirectory() as folder:
        photo = write_photos(Path(folder), per_label=1, seed=0)[0]
        costs = _costs([(program, "predict", str(photo)), IMPORTS], pairs)
        start = measure_starts([SHIPPED_DEFAULT], photo, threads, pairs)[0]
    for name, (predict, imports) in zip(("start to end", "CPU time"), costs, strict=True):
        compared = ratio(predict, imports)
        typer.echo(
            f"{name:12}  predict {1000 * np.median(predict):.0f} ms, bare imports {1000 * np.median(imports):.0f} ms, "
            f"ratio {compared.median:.2f} (quartiles of {pairs} pairs {compared.low:.2f}-{compared.high:.2f})"
        )
    typer.echo(f"first answer  {1000 * start.seconds:.0f} ms; peak memory {start.peak_bytes / 1e6:.1f} MB")


def _costs(commands: Sequence[Sequence[str]], pairs: int) -> npt.NDArray[np.float64]:
    """Return seconds from start to end, and of CPU time, of processes in turns: (2, commands, pairs, 1)."""
    rounds = [[_cost(command) for command in commands] for _ in range(pairs + 1)]
    return np.array(rounds[1:]).transpose(2, 1, 0)[..., np.newaxis]  # the first round filled the disk cache


def _cost(command: Sequence[str]) -> tuple[float, float]:
    """Run a command; return its seconds from start to end, and of CPU time."""
    before, started = _children_seconds(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started, _children_seconds() - before


def _children_seconds() -> float:
    import resource  # Unix only

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    typer.run(reporting("startup")(startup))
