"""Calibration: the ranges of activations, from a stratified, seeded sample of training images.

Each tensor gets one histogram, filled a batch at a time, from which every method then reads its range: so memory
does not grow with the sample, and trying another method costs no further run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from ...edge.data.datasets import stratified_sample
from ...edge.data.labelled_images import LabelledImages
from ..graph.run_graph import run_tensors

BINS = 2048
LEVELS = 256  # of uint8
KNOWN_RANGE = "DequantizeLinear"  # of what integers stand for
LARGE = 2**16  # values of a tensor and image, of which only about `COUNTED` are counted: those of large images
COUNTED = 2**14
SAMPLES = 5  # drawn to see how much the choice of images matters

Floats = npt.NDArray[np.float64]
Range = tuple[float, float]


@dataclass(frozen=True)
class Histogram:
    """How often values fell into `BINS` equal bins between `low` and `high`: int64 (BINS,)."""

    low: float
    high: float
    counts: npt.NDArray[np.int64]

    @property
    def centres(self) -> Floats:
        """The middle of each bin."""
        width = (self.high - self.low) / BINS
        return np.asarray(self.low + width * (np.arange(BINS) + 0.5))


def calibration_sample(train: LabelledImages, count: int, seed: int) -> LabelledImages:
    """Return `count` training images, spread evenly over the classes, drawn with `seed`."""
    return train.take(stratified_sample(train.targets, count, seed))


def describe_sample(sample: LabelledImages, seed: int) -> dict[str, Any]:
    """Return what a model card records of a sample: its size, seed and hash (`export.json` lists the ids too)."""
    return {"split": "train", "n": len(sample), "seed": seed, "sha256": sample.digest()}


def activation_histograms(model: onnx.ModelProto, sample: LabelledImages) -> dict[str, Histogram]:
    """Return the histogram of every float tensor that the float model computes, by tensor name.

    Two runs over the sample: the first for the range, the second for the counts, of some values where there are many.
    """
    kinds = {value.name: value.type.tensor_type.elem_type for value in _inferred(model)}
    names = [
        node.output[0]
        for node in model.graph.node
        if node.op_type != KNOWN_RANGE and kinds.get(node.output[0]) == onnx.TensorProto.FLOAT
    ]
    lows, highs = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    for tensors in run_tensors(model, names, sample.images):
        lows = np.minimum(lows, [tensor.min() for tensor in tensors])
        highs = np.maximum(highs, [tensor.max() for tensor in tensors])
    highs = np.maximum(highs, lows + 1e-6)  # a tensor may be constant
    counts = np.zeros((len(names), BINS), np.int64)
    for tensors in run_tensors(model, names, sample.images):
        for i, tensor in enumerate(tensors):
            bins = ((_some(tensor) - lows[i]) * (BINS / (highs[i] - lows[i]))).astype(np.int64)
            counts[i] += np.bincount(bins.clip(0, BINS - 1).ravel(), minlength=BINS)
    return {name: Histogram(lows[i], highs[i], counts[i]) for i, name in enumerate(names)}


def _some(tensor: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the values (N, ...) of a tensor, of a large one evenly spread ones: (N, count)."""
    flat = tensor.reshape(len(tensor), -1)
    step = 1 if flat.shape[1] <= LARGE else flat.shape[1] // COUNTED
    while gcd(step, tensor.shape[-1]) > 1:  # or all would be of a few columns of the image
        step += 1
    return flat[:, ::step]


def _inferred(model: onnx.ModelProto) -> Sequence[onnx.ValueInfoProto]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    return [*graph.value_info, *graph.output]


def minmax(histogram: Histogram) -> Range:
    """Return the whole range: nothing is clipped."""
    return histogram.low, histogram.high


def percentile(histogram: Histogram, share: float = 0.99999) -> Range:
    """Return the range that holds `share` of the values, the rest cut off at both ends alike."""
    below = np.cumsum(histogram.counts) / histogram.counts.sum()
    width = (histogram.high - histogram.low) / BINS
    first = int(np.searchsorted(below, (1 - share) / 2))
    last = int(np.searchsorted(below, 1 - (1 - share) / 2))
    return histogram.low + width * first, histogram.low + width * min(last + 1, BINS)


def least_squares(histogram: Histogram) -> Range:
    """Return the range whose 256 levels lie closest to the values, in squared error."""

    def error(part: float) -> float:
        low, high = histogram.low * part, histogram.high * part
        step = max(high - low, 1e-12) / (LEVELS - 1)
        rounded = np.clip(np.round((histogram.centres - low) / step), 0, LEVELS - 1) * step + low
        return float(((rounded - histogram.centres) ** 2 * histogram.counts).sum())

    best = min(np.linspace(0.3, 1.0, 71), key=error)
    return histogram.low * float(best), histogram.high * float(best)


def entropy(histogram: Histogram) -> Range:
    """Return the upper bound that loses least information, after Migacz (8-bit inference with TensorRT, GTC 2017).

    Of each candidate bound, the values beyond it are counted at the bound, and the divergence (Kullback-Leibler)
    between these counts and their average over 256 levels is the loss. The zeros that a ReLU makes
    are exact at any range, and are left out.
    """
    counts = histogram.counts.copy()
    counts[0] = counts[1]
    if not counts.any():  # nothing but zeros
        return minmax(histogram)

    def divergence(kept: int) -> float:
        reference = counts[:kept].astype(np.float64)
        reference[-1] += counts[kept:].sum()
        level = np.arange(kept) * LEVELS // kept
        filled = counts[:kept] > 0
        sums = np.bincount(level, counts[:kept])
        members = np.bincount(level, filled)
        candidate = np.where(filled, (sums / np.maximum(members, 1))[level], 0)
        p, q = reference / reference.sum(), candidate / max(candidate.sum(), 1e-12)
        used = p > 0
        return float((p[used] * np.log(p[used] / np.maximum(q[used], 1e-9))).sum())

    best = min(range(BINS // 8, BINS + 1, BINS // 64), key=divergence)
    return histogram.low, histogram.low + (histogram.high - histogram.low) * best / BINS


METHODS: Mapping[str, Callable[[Histogram], Range]] = {
    "minmax": minmax,
    "percentile": percentile,
    "least-squares": least_squares,
    "entropy": entropy,
}


def median_ranges(several: Sequence[Mapping[str, Range]]) -> dict[str, Range]:
    """Return the median range of each tensor over several calibrations: no single image sets it."""
    medians = {name: np.median([found[name] for found in several], axis=0) for name in several[0]}
    return {name: (float(low), float(high)) for name, (low, high) in medians.items()}


def ranges(histograms: Mapping[str, Histogram], method: str) -> dict[str, Range]:
    """Return the range of each tensor by a method's name."""
    return {name: METHODS[method](histogram) for name, histogram in histograms.items()}
