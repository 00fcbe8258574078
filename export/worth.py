"""Is int8 worth it here? The files take turns on this machine, and their times are compared round by round."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..edge.model import Model
from ..edge.photo import Pixels

ROUNDS = 20
RUNS = 30  # single images a round and file


@dataclass(frozen=True)
class Worth:
    """Median time of one image on one thread, in microseconds, and its ratio to the first file's, for each file.

    The ratio is the median over the rounds' ratios, so that drift of the machine hits all files alike.
    """

    microseconds: tuple[float, ...]
    ratios: tuple[float, ...]


def compare_latency(files: Sequence[Path], images: Pixels) -> Worth:
    """Time model files against each other on single images, uint8 (N, size, size, 4), after a round of warm-up."""
    models = [Model(path, threads=1) for path in files]
    rounds = np.array([[_median_time(model, images) for model in models] for _ in range(ROUNDS + 1)])[1:]
    ratios = np.median(rounds / rounds[:, :1], axis=0)
    return Worth(tuple((1e6 * np.median(rounds, axis=0)).tolist()), tuple(ratios.tolist()))


def _median_time(model: Model, images: Pixels) -> float:
    times = []
    for i in range(RUNS):
        image = images[i % len(images)][None]
        started = time.perf_counter()
        model.logits(image)
        times.append(time.perf_counter() - started)
    return float(np.median(times))
