"""Results as `edge-cifar benchmark --json` prints them, made up."""

import base64
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from edge_cifar.benchmarks.measure.accuracy import Scores
from edge_cifar.benchmarks.measure.bootstrap import median_interval
from edge_cifar.benchmarks.measure.call_times import Timing, timing
from edge_cifar.benchmarks.measure.model_measurements import Measured
from edge_cifar.benchmarks.measure.rates import Rate
from edge_cifar.benchmarks.measure.startup import Start
from edge_cifar.benchmarks.report.result_file import SCHEMA
from edge_cifar.edge.machine.description import this_machine

ROUNDS = 20


def timed(milliseconds: float, seed: int = 0) -> Timing:
    """Rounds of four calls that take about so long, and differ by a hundredth."""
    return timing(milliseconds / 1000 * np.random.RandomState(seed).normal(1, 0.01, (ROUNDS, 4)))


def scored(right: Sequence[bool], images: str = "d1") -> Scores:
    """A model that labels these of ten thousand images rightly, in two classes, and the others wrongly."""
    n = 10_000
    hits = np.resize(np.array(right), n)
    share = float(hits.mean())
    return Scores(
        n=n,
        top1=share,
        interval=(share - 0.005, share + 0.005),
        drop_points=0.0,
        broken=0,
        fixed=0,
        p=1.0,
        same_answers=1.0,
        labels=("bar", "star"),
        per_class=[share, share],
        confusion=[[1, 2], [3, 4]],
        reliability=(),
        ece=0.01,
        flips=[],
        images=images,
        right=base64.b64encode(np.packbits(hits).tobytes()).decode(),
    )


def measured(
    model: str, digest: str, net_ms: float, *, base_ms: float = 1.0, accuracy: Scores | None = None, seed: int = 0
) -> Measured:
    """A model whose net takes so long, and the first model's `base_ms`."""
    ratio = median_interval(np.array([net_ms / base_ms]) * np.random.RandomState(seed).normal(1, 0.01, ROUNDS))
    if net_ms == base_ms:
        ratio = median_interval(np.ones(ROUNDS))
    return Measured(
        model=model,
        digest=digest * 8,
        net="batchnorm",
        bytes=1_237_631,
        parameters=309_290,
        macs=40_123_456,
        net_ms=timed(net_ms, seed),
        photo_ms=timed(net_ms + 2, seed),
        decode_ms=timed(2, seed),
        net_ratio=ratio,
        photo_ratio=ratio,
        start=Start(
            0.25,
            70_000_000,
            {"interpreter": 0.02, "imports": 0.18, "session": 0.03, "first answer": 0.02},
            (0.24, 0.25, 0.26),
        ),
        throughput=[Rate(threads, batch, 1000.0 * threads) for threads in (1, 2) for batch in (1, 8, 64)],
        accuracy=accuracy,
    )


def result(models: Sequence[Measured], *reasons: str, **machine: Any) -> dict[str, Any]:
    """A whole result, INVALID for these reasons; `machine` changes what is told of it."""
    return {
        "schema": SCHEMA,
        "machine": asdict(replace(this_machine(), **machine)),
        "settings": {"data": None, "split": "test", "rounds": ROUNDS, "threads": 1, "minutes": 0, "photo": [1024, 768]},
        "validity": {"valid": not reasons, "reasons": list(reasons)},
        "models": [asdict(model) for model in models],
        "minutes": [],
    }
