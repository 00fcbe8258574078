"""How sure an accuracy is, whether a difference is real, and how far a confidence can be believed; in numpy alone."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .metrics import Floats, Indices, softmax

Z95 = 1.959964  # standard normal quantile of a two-sided 95 % interval
TEMPERATURES = np.geomspace(0.25, 4, 241)
BINS = 15  # ranges of confidence
KEPT = 0.95  # share of validation images that the abstain threshold keeps
SURE = 0.9  # confidence that is always enough, however much surer a net is of easy validation images


@dataclass(frozen=True)
class PairedTest:
    """Two models on the same images: how many the second got wrong that the first had right, and the reverse.

    `p` is McNemar's exact two-sided probability of a split at least so uneven if both models were equally good.
    """

    broken: int
    fixed: int
    p: float


@dataclass(frozen=True)
class CalibrationBin:
    """The `n` images of one range of confidence: their mean confidence and how many were right, both 0 to 1."""

    confidence: float
    accuracy: float
    n: int


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share `right` of `n` (Wilson 1927, score interval)."""
    share = right / n
    centre = share + Z95**2 / (2 * n)
    margin = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    return (centre - margin) / scale, (centre + margin) / scale


def paired_test(before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> PairedTest:
    """Compare which images two models got right, bool (N,) each (McNemar 1947, exact binomial form)."""
    broken, fixed = int((before & ~after).sum()), int((~before & after).sum())
    n, fewer = broken + fixed, min(broken, fixed)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return PairedTest(broken, fixed, min(1.0, 2 * tail / 2**n))


def fit_temperature(logits: Floats, targets: Indices) -> float:
    """Return the temperature that makes confidences of logits (N, classes) truest to `targets` (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        probabilities = softmax(logits / temperature)[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(probabilities, 1e-300)).mean())

    return round(float(min(TEMPERATURES, key=loss)), 4)


def abstain_threshold(logits: Floats, temperature: float) -> float:
    """Return the confidence that all but one in twenty images, logits (N, classes), reach; `SURE` at most."""
    confidence = softmax(logits / temperature).max(axis=1)
    return min(round(float(np.quantile(confidence, 1 - KEPT)), 4), SURE)


def calibration_bins(logits: Floats, targets: Indices, temperature: float) -> tuple[CalibrationBin, ...]:
    """Sort images, logits (N, classes), into `BINS` equal ranges of confidence; ranges without images are left out."""
    probabilities = softmax(logits / temperature)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    groups = [(confidence[which == i], right[which == i]) for i in np.unique(which)]
    return tuple(CalibrationBin(float(sure.mean()), float(hits.mean()), len(hits)) for sure, hits in groups)


def calibration_error(logits: Floats, targets: Indices, temperature: float) -> float:
    """Return the expected calibration error, 0 to 1: mean gap of confidence and accuracy (Guo et al. 2017)."""
    bins = calibration_bins(logits, targets, temperature)
    return sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / len(targets)
