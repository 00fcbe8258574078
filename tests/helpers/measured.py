"""Benchmarks for the pages' tests, in the form of `edge-cifar benchmark --json`, with figures that are easy to tell."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import benchmark_results
from edge_cifar.benchmarks.measure.accuracy import Scores
from edge_cifar.benchmarks.measure.bootstrap import Interval
from edge_cifar.benchmarks.measure.call_times import Timing
from edge_cifar.edge.stats.confidence import CalibrationBin


def accuracy(drop: float = 0, p: float = 1, flips: Sequence[dict[str, str]] = ()) -> Scores:
    """A model that labels 90 % of 10,000 images rightly, less `drop` points, with `p` against the first."""
    return replace(
        benchmark_results.scored([True] * 9 + [False]),
        top1=0.9 - drop / 100,
        interval=(0.88 - drop / 100, 0.92 - drop / 100),
        drop_points=drop,
        broken=3,
        fixed=1,
        p=p,
        labels=("cat", "dog"),
        confusion=[[450, 50], [50, 450]],
        reliability=(CalibrationBin(0.6, 0.5, 1000), CalibrationBin(0.95, 0.94, 9000)),
        flips=list(flips),
    )


def model(path: str, speed: float = 1, size: int = 1_000_000, scores: Scores | None = None) -> dict[str, Any]:
    """A model that takes `speed` of the first one's time, which is half a millisecond in the net and two in all."""
    plain = benchmark_results.measured(path, "abababab", 0.5 * speed, base_ms=0.5, accuracy=scores)
    return asdict(
        replace(
            plain,
            bytes=size,
            net_ms=_exactly(plain.net_ms, 0.5 * speed),
            photo_ms=_exactly(plain.photo_ms, 1 + speed),
            net_ratio=_around(speed),
            photo_ratio=_around((1 + speed) / 2),
        )
    )


def report(*models: dict[str, Any], **others: object) -> dict[str, Any]:
    """A benchmark of `models`, by default a float one and an int8 one that is as good and twice as fast."""
    default = (
        model("models/net.fp32.onnx", scores=accuracy()),
        model("models/net.int8.onnx", 0.5, 250_000, accuracy(0.2, 0.5)),
    )
    plain = benchmark_results.result([])
    return {**plain, "settings": {**plain["settings"], "data": "pets"}, "models": list(models or default), **others}


def _exactly(timing: Timing, ms: float) -> Timing:
    return replace(timing, p50=ms)


def _around(ratio: float) -> Interval:
    return Interval(1, 1, 1) if ratio == 1 else Interval(ratio, 0.95 * ratio, 1.05 * ratio)
