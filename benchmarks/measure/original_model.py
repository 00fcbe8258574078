"""Somebody's own ONNX file beside ours: what its net alone takes, before it was exported by this project."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...edge.errors import ModelError
from ...edge.files.atomic_write import file_sha256
from ...edge.model.ort_session import Session
from ...edge.stats.paired_timing import Seconds, Task, ratios_by_round
from .bootstrap import Interval, median_interval
from .call_times import Timing, timing

TYPES: dict[str, Any] = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
LARGEST = 2**31  # bytes, more than which no ONNX file has


@dataclass(frozen=True)
class Original:
    """What was measured of it: its net alone on one image, which is random, and the ratio to the first model's."""

    model: str
    digest: str
    bytes: int
    net_ms: Timing
    net_ratio: Interval


def original_task(path: Path, threads: int, size: int) -> Task:
    """Return the task of running the net in `path` on one image of `size` pixels square.

    Raises ModelError unless it can be run and takes one image tensor, (N, 3, size, size) or (N, size, size, 3).
    """
    try:
        data = path.read_bytes() if path.stat().st_size < LARGEST else b""
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    session = Session(data, threads, path)
    (name, kind, shape), *others = session.tensors() or [("", "no tensor", [])]
    shapes = [(1, 3, size, size), (1, size, size, 3)]
    fits = [wanted for wanted in shapes if len(shape) == 4 and all(map(_suits, shape, wanted))]
    if not fits or kind not in TYPES or not others:
        raise ModelError(
            f"{path}: it takes {kind} {shape}, but one image of {size} pixels, float (1, 3, {size}, {size}) or "
            f"(1, {size}, {size}, 3), is what it can be timed on"
        )
    random = np.random.RandomState(0)
    values = random.randint(0, 256, fits[0]) if kind == "tensor(uint8)" else random.normal(size=fits[0])
    image = values.astype(TYPES[kind])
    output = others[0][0]
    session.run(output, {name: image})  # it may want another tensor, too
    return lambda _: session.run(output, {name: image})


def original(path: Path, seconds: Seconds, first: Seconds) -> Original:
    """Return what is told of it, from its durations and those of the first model, both (rounds, calls)."""
    ratio = median_interval(ratios_by_round(seconds, first))
    return Original(str(path), file_sha256(path), path.stat().st_size, timing(seconds), ratio)


def _suits(side: int | str | None, wanted: int) -> bool:
    """Return whether a side of a tensor may be as long; a name stands for any length."""
    return not isinstance(side, int) or side == wanted
