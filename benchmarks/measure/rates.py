"""Throughput: images a second over batch sizes and threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...edge.machine.cores import usable_cores
from ...edge.model.contract import Model
from ...edge.photos.contract import Pixels
from ...edge.stats.paired_timing import Task, time_in_turns

BATCHES = (1, 8, 32)  # the largest is what `predict` takes from a folder at once
ROUNDS = 15
IMAGES = 32  # a turn
SECONDS = 4.0  # for one batch size and number of threads


@dataclass(frozen=True)
class Rate:
    """Images a second, the median over rounds, of batches of one size on so many threads."""

    threads: int
    batch: int
    images_per_second: float


def measure_rates(
    paths: Sequence[Path], inputs: Sequence[Pixels], after_round: Callable[[], object]
) -> list[list[Rate]]:
    """Return the rates of each model on its images, uint8 (N, S, S, 4), on one thread and on all that are allowed."""
    rates: list[list[Rate]] = [[] for _ in paths]
    for threads in sorted({1, usable_cores()}):
        models = [Model(path, threads) for path in paths]
        for batch in BATCHES:
            tasks = [net_task(model, own, batch) for model, own in zip(models, inputs, strict=True)]
            turns = time_in_turns(tasks, ROUNDS, IMAGES // batch, seconds=SECONDS, after_round=after_round)
            for own, seconds in zip(rates, turns, strict=True):
                own.append(Rate(threads, batch, float(batch / np.median(seconds))))
    return rates


def net_task(model: Model, images: Pixels, batch: int) -> Task:
    """Return the task of running a model alone, on a batch of `images` after the other."""
    batches = np.split(images, len(images) // batch)
    return lambda call: model.logits(batches[call % len(batches)])
