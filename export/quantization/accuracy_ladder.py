"""The search for an int8 file within an accuracy budget: from the cheapest means to the dearest, until one suffices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import onnx

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.contract import INPUT, OUTPUT, Logits
from ...edge.photos.contract import Pixels
from ...edge.stats.paired_timing import latency, time_in_turns
from ...edge.stats.significance import drop_interval, paired_test
from ..graph.costs import layer_macs
from ..graph.run_graph import open_session, run_logits
from ..proof.portability import portability
from .bias_correction import correct_biases
from .calibration import (
    METHODS,
    SAMPLES,
    Histogram,
    Range,
    activation_histograms,
    calibration_sample,
    median_ranges,
    ranges,
)
from .equalization import equalize
from .quantize import quantize

TELLING_LOSSES = 5
"""Images that a budget must allow to be lost, or accuracy on so few tells too little of which int8 file is better."""

TIMED_RUNS = 200  # of one image each, for a rung's latency
LARGEST_TRIAL = 5000 * 32 * 32 * 4  # bytes of images that a layer is tried on: all that CIFAR-10 validates on


@dataclass(frozen=True)
class Budget:
    """How an int8 file is searched for: `max_drop` in points of validation accuracy, `sample_size` in images."""

    max_drop: float = 0.5
    sample_size: int = 512
    sample_seed: int = 0
    every_rung: bool = False
    fine_tune_epochs: int = 0  # of quantization-aware training, the last resort
    portable: bool = True  # False: weights use all of int8, and CPUs without VNNI may answer otherwise
    best_effort: bool = False  # where nothing in integers is within: the best of it, rather than none

    def by_drop(self, images: int) -> bool:
        """Return whether the drop on so many validation images decides which of the rungs within it is chosen."""
        return self.every_rung or self.best_effort or images * self.max_drop >= 100 * TELLING_LOSSES

    def seeds(self, count: int) -> list[int]:
        """Return the seeds of `count` calibration samples: `sample_seed` and those after it."""
        return [(self.sample_seed + i) % 2**32 for i in range(count)]


@dataclass(frozen=True)
class Rung:
    """One attempt: what was done, and what came out on validation. `drop` in points, `latency` in microseconds."""

    method: str
    drop: float
    same_answers: float  # share of images, 0 to 1, that get the float model's answer
    logits_error: float  # mean square difference of the logits from the float model's
    latency: float  # median of single images on one thread
    bytes: int
    portability: str
    float_layers: tuple[str, ...] = ()
    sample_drops: tuple[float, ...] = ()  # of each calibration sample alone, where several were drawn
    interval: tuple[float, float] = (-100.0, 100.0)  # 95 %, of `drop` in points: how far it is by chance


@dataclass(frozen=True)
class Attempt:
    """A rung's model, with the means that made it."""

    method: str
    model: onnx.ModelProto
    float_layers: tuple[str, ...] = ()
    sample_drops: tuple[float, ...] = ()


@dataclass
class Ladder:
    """Climbs until the drop on `val` is within the budget; `rungs` records every attempt in order."""

    float_model: onnx.ModelProto
    train: LabelledImages
    val: LabelledImages
    budget: Budget
    fine_tune: Callable[[Mapping[str, Range]], onnx.ModelProto] | None = None  # the last rung: ranges to float model
    rungs: list[Rung] = field(default_factory=list)
    chosen: Rung | None = None

    def climb(self) -> onnx.ModelProto | None:
        """Return the first model within the budget, None if there is none; `chosen` is then its rung.

        Where validation is too small to tell: of the calibration methods within, that with the nearest logits.
        With `every_rung`: try all and return the one with the smallest drop, the cheaper one of two alike.
        """
        expected = run_logits(self.float_model, self.val.images)
        best: onnx.ModelProto | None = None
        for attempt in self._attempts(expected):
            rung = self._measure(attempt, expected)
            self.rungs.append(rung)
            within = rung.drop <= self.budget.max_drop
            if (within or self.budget.best_effort) and (not self.chosen or self._loss(rung) < self._loss(self.chosen)):
                best, self.chosen = attempt.model, rung
            first = attempt.method not in METHODS or self.budget.by_drop(len(self.val))
            if within and first and not self.budget.every_rung:
                break
        return best

    def _loss(self, rung: Rung) -> tuple[bool, float]:
        """Return what the chosen rung has least of."""
        by_drop = self.budget.by_drop(len(self.val))
        return rung.drop > self.budget.max_drop, rung.drop if by_drop else rung.logits_error

    @property
    def _settled(self) -> bool:
        within = self.chosen is not None and self.chosen.drop <= self.budget.max_drop
        return within and not self.budget.every_rung

    def _attempts(self, expected: Logits) -> Iterator[Attempt]:
        portable = self.budget.portable
        to_int8 = partial(quantize, portable=portable)
        sample = self._sample(self.budget.sample_seed)
        histograms = activation_histograms(self.float_model, sample)
        for method in METHODS:
            yield Attempt(method, to_int8(self.float_model, ranges(histograms, method)))
        if self._settled:
            return
        method = self._best_method()
        if len(self.train) > len(sample):  # otherwise all samples are the same images
            yield self._median_of_samples(method, expected)

        yield from self._with_sums_kept(method, self.float_model, histograms, sample)
        equalized = equalize(self.float_model, sample)
        evened = activation_histograms(equalized, sample)
        yield from self._with_sums_kept(f"{method}, equalized", equalized, evened, sample)
        if self.budget.best_effort:
            return

        chosen = ranges(evened, method)
        sensitive = self._most_sensitive(equalized, chosen)
        for count in _growing(len(sensitive)):
            kept = sensitive[:count]
            name = f"{method}, equalized, {count} of {len(sensitive)} layers in float"
            yield Attempt(name, to_int8(equalized, chosen, kept, keep_sums=True), tuple(kept))

        if self.fine_tune is not None:
            chosen = ranges(histograms, method)
            yield Attempt(f"{method}, fine-tuned", to_int8(self.fine_tune(chosen), chosen))

    def _with_sums_kept(
        self, name: str, model: onnx.ModelProto, histograms: Mapping[str, Histogram], sample: LabelledImages
    ) -> Iterator[Attempt]:
        """Round weights so that their sums stay, then correct biases, too; `name` begins with the method."""
        portable, chosen = self.budget.portable, ranges(histograms, name.split(",")[0])
        yield Attempt(f"{name}, sums kept", quantize(model, chosen, portable=portable, keep_sums=True))
        corrected = correct_biases(model, chosen, sample, portable, keep_sums=True)
        yield Attempt(
            f"{name}, sums kept, biases corrected", quantize(corrected, chosen, portable=portable, keep_sums=True)
        )

    def _median_of_samples(self, method: str, expected: Logits) -> Attempt:
        """Calibrate on several samples, measure the drop of each alone, and take the median of their ranges."""
        samples = (self._sample(seed) for seed in self.budget.seeds(SAMPLES))
        several = [ranges(activation_histograms(self.float_model, sample), method) for sample in samples]
        models = [
            quantize(self.float_model, found, portable=self.budget.portable)
            for found in (*several, median_ranges(several))
        ]
        drops = tuple(self._drop(run_logits(model, self.val.images), expected) for model in models[:-1])
        return Attempt(f"{method}, median of {SAMPLES} samples", models[-1], sample_drops=drops)

    def _best_method(self) -> str:
        return min(self.rungs, key=lambda rung: (rung.drop, -rung.same_answers)).method

    def _most_sensitive(self, model: onnx.ModelProto, chosen: Mapping[str, Range]) -> Sequence[str]:
        """Return the weighted layers, the one first that moves the logits most for the multiplications that it spares.

        Each is quantized alone; how far it moves the logits is their mean square difference on some of validation.
        """
        macs = layer_macs(model)
        images = self.val.images[: max(1, LARGEST_TRIAL // self.val.images[0].size)]
        expected = run_logits(model, images)

        def worth(layer: str) -> float:
            others = [other for other in macs if other != layer]
            alone = quantize(model, chosen, others, self.budget.portable)
            return float(((run_logits(alone, images) - expected) ** 2).mean()) / macs[layer]

        return sorted(macs, key=worth, reverse=True)

    def _sample(self, seed: int) -> LabelledImages:
        return calibration_sample(self.train, self.budget.sample_size, seed)

    def _drop(self, logits: Logits, expected: Logits) -> float:
        """Return the points of accuracy on validation that are lost from `expected` to `logits`."""
        right, right_before = (answers.argmax(1) == self.val.targets for answers in (logits, expected))
        return 100 * float(right_before.mean() - right.mean())

    def _measure(self, attempt: Attempt, expected: Logits) -> Rung:
        logits = run_logits(attempt.model, self.val.images)
        right_before, right = (answers.argmax(1) == self.val.targets for answers in (expected, logits))
        paired = paired_test(right_before, right)
        low, high = drop_interval(paired.broken, paired.fixed, len(self.val))
        return Rung(
            method=attempt.method,
            drop=self._drop(logits, expected),
            interval=(100 * low, 100 * high),
            same_answers=float((logits.argmax(1) == expected.argmax(1)).mean()),
            logits_error=float(((logits - expected) ** 2).mean()),
            latency=single_image_latency(attempt.model, self.val.images[:TIMED_RUNS]),
            bytes=len(attempt.model.SerializeToString()),
            portability=portability(attempt.model),
            float_layers=attempt.float_layers,
            sample_drops=attempt.sample_drops,
        )


def _growing(layers: int) -> Iterator[int]:
    """Yield how many of so many layers to leave in float: each at first, then a third more each time, never all."""
    count = 1
    while count < layers:
        yield count
        count += max(1, count // 3)


def single_image_latency(model: onnx.ModelProto, images: Pixels) -> float:
    """Return the median time of one image on one thread, in microseconds, after a warm-up."""
    session = open_session(model, threads=1)

    def run(call: int) -> None:
        session.run([OUTPUT], {INPUT: images[call % len(images)][None]})

    [seconds] = time_in_turns([run], rounds=1, calls=TIMED_RUNS)
    return 1000 * latency(seconds).p50
