"""The search for an int8 file within an accuracy budget: from the cheapest means to the dearest, until one suffices."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx

from ..edge.labelled import LabelledImages
from ..edge.model import INPUT, OUTPUT, Logits
from ..edge.photo import Pixels
from .bias_correction import correct_biases
from .calibration import METHODS, Range, activation_histograms, ranges
from .equalize import equalize
from .quantize import quantize
from .run_model import open_session, run_logits

TIMED_RUNS = 200  # of one image each, for a rung's latency


@dataclass(frozen=True)
class Rung:
    """One attempt: what was done, and what came out on validation. `drop` in points, `latency` in microseconds."""

    method: str
    drop: float
    same_answers: float  # share of images, 0 to 1, that get the float model's answer
    latency: float  # median of single images on one thread
    bytes: int
    float_layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A rung's model, with the means that made it."""

    method: str
    model: onnx.ModelProto
    float_layers: tuple[str, ...] = ()


@dataclass
class Ladder:
    """Climbs until the drop on `val` is within `max_drop` points; `rungs` records every attempt in order."""

    float_model: onnx.ModelProto
    sample: LabelledImages
    val: LabelledImages
    max_drop: float
    fine_tune: Callable[[Mapping[str, Range]], onnx.ModelProto] | None = None  # the last rung: ranges to float model
    rungs: list[Rung] = field(default_factory=list)
    chosen: str = ""

    def climb(self, every: bool = False) -> onnx.ModelProto | None:
        """Return the first model within the budget, None if there is none; `chosen` then names its rung.

        `every`: try all rungs and return the one with the smallest drop, the cheaper one of two alike.
        """
        expected = run_logits(self.float_model, self.val.images)
        best: tuple[float, onnx.ModelProto] | None = None
        for attempt in self._attempts(expected):
            rung = self._measure(attempt, expected)
            self.rungs.append(rung)
            if rung.drop <= self.max_drop and (best is None or rung.drop < best[0]):
                best, self.chosen = (rung.drop, attempt.model), rung.method
                if not every:
                    break
        return best[1] if best else None

    def _attempts(self, expected: Logits) -> Iterator[Attempt]:
        histograms = activation_histograms(self.float_model, self.sample)
        for method in METHODS:
            yield Attempt(method, quantize(self.float_model, ranges(histograms, method)))
        method = self._best_method()
        chosen = ranges(histograms, method)
        corrected = correct_biases(self.float_model, chosen, self.sample)
        yield Attempt(f"{method}, biases corrected", quantize(corrected, chosen))

        equalized = equalize(self.float_model, self.sample)
        chosen = ranges(activation_histograms(equalized, self.sample), method)
        yield Attempt(f"{method}, equalized", quantize(equalized, chosen))
        corrected = correct_biases(equalized, chosen, self.sample)
        yield Attempt(f"{method}, equalized, biases corrected", quantize(corrected, chosen))

        kept: list[str] = []
        sensitive = self._most_sensitive(equalized, chosen, expected)
        count = len(sensitive)
        for layer in sensitive[:-1]:
            kept.append(layer)
            name = f"{method}, equalized, {len(kept)} of {count} layers in float"
            yield Attempt(name, quantize(equalized, chosen, kept), tuple(kept))

        if self.fine_tune is not None:
            chosen = ranges(histograms, method)
            yield Attempt(f"{method}, fine-tuned", quantize(self.fine_tune(chosen), chosen))

    def _best_method(self) -> str:
        return min(self.rungs, key=lambda rung: (rung.drop, -rung.same_answers)).method

    def _most_sensitive(self, model: onnx.ModelProto, chosen: Mapping[str, Range], expected: Logits) -> Sequence[str]:
        """Return the weighted layers, the one first whose quantization alone moves the logits most (mean square)."""
        layers = [node.name for node in model.graph.node if node.op_type in ("Conv", "Gemm")]

        def error(layer: str) -> float:
            alone = quantize(model, chosen, [other for other in layers if other != layer])
            return float(((run_logits(alone, self.val.images) - expected) ** 2).mean())

        return sorted(layers, key=error, reverse=True)

    def _measure(self, attempt: Attempt, expected: Logits) -> Rung:
        logits = run_logits(attempt.model, self.val.images)
        right, right_before = (answers.argmax(1) == self.val.targets for answers in (logits, expected))
        return Rung(
            method=attempt.method,
            drop=100 * float(right_before.mean() - right.mean()),
            same_answers=float((logits.argmax(1) == expected.argmax(1)).mean()),
            latency=single_image_latency(attempt.model, self.val.images),
            bytes=len(attempt.model.SerializeToString()),
            float_layers=attempt.float_layers,
        )


def single_image_latency(model: onnx.ModelProto, images: Pixels) -> float:
    """Return the median time of one image on one thread, in microseconds, after a warm-up."""
    session = open_session(model, threads=1)
    times = []
    for i in range(TIMED_RUNS + 20):
        image = images[i % len(images)][None]
        started = time.perf_counter()
        session.run([OUTPUT], {INPUT: image})
        times.append(time.perf_counter() - started)
    return 1e6 * float(np.median(times[20:]))
