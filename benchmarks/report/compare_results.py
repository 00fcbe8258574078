"""`edge-cifar compare-benchmarks A.json B.json`: which differences of two runs are real."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...edge.report.phrases import REAL
from ...edge.stats.significance import paired_test
from ..measure.bootstrap import Interval, ratio_interval

REPEATABLE = 0.05  # two runs of the same thing on the same machine may differ by so much
UNTOLD = "a run is INVALID"

TIMINGS = {"net_ms": "net alone, ms", "decode_ms": "JPEG to pixels, ms", "photo_ms": "JPEG to label, ms"}
RATIOS = {"net_ratio": "net / first model", "photo_ratio": "label / first model"}

PASSING = ("load", "available_bytes", "mhz", "celsius", "throttled", "throttled_before", "date")
"""What of a machine differs from one minute to the next."""

Result: TypeAlias = Mapping[str, Any]
"""What one benchmark printed as JSON, or the part of it that is about one model."""


@dataclass(frozen=True)
class Difference:
    """One figure in both runs. `ratio` is the second by the first, None where it has no interval.

    `p` is the probability of such a difference between equals, None where it can't be told.
    """

    what: str
    first: float
    second: float
    verdict: str
    ratio: Interval | None = None
    p: float | None = None


@dataclass(frozen=True)
class Pair:
    """A model of both runs, and whether it is the same file."""

    name: str
    same_file: bool
    differences: list[Difference]


@dataclass(frozen=True)
class Comparison:
    """Two runs: what differs in machine and settings, as (first, second) by topic; the models of both; those of one."""

    invalid: tuple[tuple[str, ...], tuple[str, ...]]
    machine: Mapping[str, tuple[Any, Any]]
    settings: Mapping[str, tuple[Any, Any]]
    models: list[Pair]
    alone: tuple[list[str], list[str]]


def compare(first: Result, second: Result) -> Comparison:
    """Compare two benchmarks."""
    pairs = match(first["models"], second["models"])
    bases = (first["models"][0], second["models"][0])  # what the others' ratios are to
    same_base = bases in pairs
    valid = first["validity"]["valid"] and second["validity"]["valid"]
    matched = [{id(pair[side]) for pair in pairs} for side in (0, 1)]
    alone = [
        [model["model"] for model in run["models"] if id(model) not in own]
        for run, own in zip((first, second), matched, strict=True)
    ]
    return Comparison(
        invalid=(tuple(first["validity"]["reasons"]), tuple(second["validity"]["reasons"])),
        machine=_differing(_lasting(first["machine"]), _lasting(second["machine"])),
        settings=_differing(first["settings"], second["settings"]),
        models=[_pair(*pair, ratios=same_base and pair != bases, valid=valid) for pair in pairs],
        alone=(alone[0], alone[1]),
    )


def match(first: Sequence[Result], second: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Return the models of both runs: the same files, then of the others those of one file name."""
    pairs = []
    left, right = list(first), list(second)
    for key in (lambda model: model["digest"], lambda model: Path(model["model"]).name):
        for one in tuple(left):
            other = next((model for model in right if key(model) == key(one)), None)
            if other is not None:
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)
    return pairs


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    topics = dict.fromkeys((*first, *second))
    values = {topic: (first.get(topic), second.get(topic)) for topic in topics}
    return {topic: (one, other) for topic, (one, other) in values.items() if one != other}


def _lasting(machine: Result) -> dict[str, Any]:
    """Return what a machine is and what is installed, without what it was doing."""
    lasting = {topic: value for topic, value in machine.items() if topic not in (*PASSING, "versions")}
    return {**lasting, **machine["versions"]}


def _pair(first: Result, second: Result, *, ratios: bool, valid: bool) -> Pair:
    differences = [_timing(words, first[key]["rounds"], second[key]["rounds"]) for key, words in TIMINGS.items()]
    if ratios:
        differences += [_ratio(words, first[key], second[key]) for key, words in RATIOS.items()]
    starts = [[1000 * seconds for seconds in model["start"]["rounds"]] for model in (first, second)]
    differences.append(_timing("first answer, ms", *starts))
    if not valid:
        differences = [replace(difference, verdict=UNTOLD) for difference in differences]
    if first["accuracy"] and second["accuracy"]:
        differences.append(_accuracy(first["accuracy"], second["accuracy"]))
    return Pair(second["model"], first["digest"] == second["digest"], differences)


def _timing(what: str, first: Sequence[float], second: Sequence[float]) -> Difference:
    ratio = ratio_interval(np.array(second), np.array(first))
    real = (ratio.high < 1 or ratio.low > 1) and abs(ratio.median - 1) > REPEATABLE
    verdict = _verdict(real, ratio.median < 1, "faster", "SLOWER")
    return Difference(what, float(np.median(first)), float(np.median(second)), verdict, ratio)


def _ratio(what: str, first: Mapping[str, float], second: Mapping[str, float]) -> Difference:
    """Compare what the model gains on the first one, by the intervals."""
    before, after = first["median"], second["median"]
    apart = _apart((first["low"], first["high"]), (second["low"], second["high"]))
    real = apart and abs(after / before - 1) > REPEATABLE
    return Difference(what, before, after, _verdict(real, after < before, "gains more", "GAINS LESS"))


def _accuracy(first: Mapping[str, Any], second: Mapping[str, Any]) -> Difference:
    """Compare image by image where both runs saw the same, else by the intervals."""
    p = None
    if first["images"] == second["images"]:
        p = paired_test(_right(first), _right(second)).p
    real = _apart(first["interval"], second["interval"]) if p is None else p < REAL
    before, after = 100 * first["top1"], 100 * second["top1"]
    return Difference("top-1, %", before, after, _verdict(real, after > before, "better", "WORSE"), p=p)


def _verdict(real: bool, good: bool, gain: str, loss: str) -> str:
    return "no real difference" if not real else gain if good else loss


def _apart(first: Sequence[float], second: Sequence[float]) -> bool:
    """Return whether two intervals (low, high) don't overlap."""
    return first[1] < second[0] or second[1] < first[0]


def _right(accuracy: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Return which images were labelled rightly, bool (N,)."""
    packed = np.frombuffer(base64.b64decode(accuracy["right"]), np.uint8)
    return np.unpackbits(packed, count=accuracy["n"]).astype(bool)
