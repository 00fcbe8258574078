"""Is int8 worth it here? Both files take turns on this machine, and their times are compared round by round."""

from dataclasses import dataclass
from pathlib import Path

from ...edge.model.contract import Model
from ...edge.photos.contract import Pixels
from ...edge.stats.paired_timing import Latency, Ratio, Task, latency, ratio, time_in_turns

ROUNDS = 20
CALLS = 30  # single images a round and file


@dataclass(frozen=True)
class Worth:
    """One image on one thread: the duration with either file, in milliseconds, and that of int8 in terms of fp32's."""

    fp32: Latency
    int8: Latency
    ratio: Ratio

    @property
    def int8_pays(self) -> bool:
        """Whether int8 is the faster one in three rounds of four at least: a rule of thumb, not a test."""
        return self.ratio.high < 1


def compare_latency(fp32: Path, int8: Path, images: Pixels) -> Worth:
    """Time two model files against each other on images uint8 (N, size, size, 4), one at a time."""
    before, after = time_in_turns([_task(fp32, images), _task(int8, images)], ROUNDS, CALLS)
    return Worth(latency(before), latency(after), ratio(after, before))


def _task(path: Path, images: Pixels) -> Task:
    model = Model(path, threads=1)
    return lambda call: model.logits(images[call % len(images)][None])
