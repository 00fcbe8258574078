"""How far a confidence can be believed: the temperature, the abstain threshold, and what they are worth."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .classification import Floats, Indices
from .significance import binomial
from .softmax import softmax

BINS = 15  # ranges of confidence
TEMPERATURES = (0.01, 100.0)  # what a model card may say
PRIOR = 0.5  # standard deviation of log T before any image is seen: 19 nets of 20 lie between 0.375 and 2.66
FEW = 100  # images, below which one temperature in twenty to fifty is off by a factor of two, by simulation
LOST = 0.05  # share of right answers that may become "unknown"
RISK = 0.05  # probability that more than that share does
SURE = 0.8  # confidence that is always enough, however much surer a net is of easy validation images


@dataclass(frozen=True)
class CalibrationBin:
    """The `n` images of one range of confidence: their mean confidence and how many were right, both 0 to 1."""

    confidence: float
    accuracy: float
    n: int


@dataclass(frozen=True)
class Coverage:
    """What a threshold of confidence does to `n` images: how many become "unknown", and how good the rest is.

    `accuracy` is the share of right answers among those given, 0 to 1, None where none is given; `lost` counts right
    answers among the unknown.
    """

    n: int
    unknown: int
    accuracy: float | None
    lost: int


def fit_temperature(logits: Floats, targets: Indices) -> float:
    """Return the temperature that makes confidences of logits (N, classes) truest to `targets`, within `TEMPERATURES`.

    Temperature scaling (Guo et al., "On calibration of modern neural networks", ICML 2017), but the most probable
    temperature instead of the likeliest: log T has a normal prior of mean 0 and standard deviation `PRIOR`. Without it
    a few images that are all right would make any net as sure as the bound allows; the cure by a prior is Platt's
    ("Probabilistic outputs for support vector machines", 1999), who smooths the targets. The prior counts as much as a
    few images: of none T is 1, of thousands it does not matter (`python -m edge_cifar.benchmarks.methods.temperature`).
    """
    rows = np.asarray(logits, dtype=np.float64)
    gaps = rows - rows.max(axis=1, keepdims=True)
    chosen = gaps[np.arange(len(targets)), targets]

    def loss(log_t: float) -> float:
        scale = math.exp(-log_t)
        surprise = np.log(np.exp(gaps * scale).sum(axis=1)) - chosen * scale
        return float(surprise.sum()) + log_t**2 / (2 * PRIOR**2)

    low, high = TEMPERATURES
    return round(min(max(math.exp(_minimum(loss, math.log(low), math.log(high))), low), high), 4)


def at_bound(temperature: float) -> bool:
    """Whether a fitted temperature is only the nearest that a card may say."""
    return temperature in TEMPERATURES


def abstain_threshold(logits: Floats, targets: Indices, temperature: float) -> float:
    """Return the confidence below which an answer is "unknown", of validation images, logits (N, classes).

    It takes the largest confidence that loses no more than `LOST` of all right answers to come, but for a probability
    of `RISK`: an order statistic of the right answers, as a one-sided tolerance limit (Wilks 1941), whatever the
    distribution. Where there are too few to promise that of any confidence (under 59), it is 0: nothing is unknown.

    Nor does it lose more right answers than there are wrong ones to catch: of a net that errs once it is the least
    confidence of a right answer, of one that never errs 0. It is `SURE` at most.
    """
    right = logits.argmax(axis=1) == targets
    confidence = np.sort(softmax(logits[right], temperature).max(axis=1))
    # The share below the k-th smallest of n is at most LOST as probably as k or more of n fall below that quantile.
    fewer = np.cumsum(binomial(len(confidence), LOST))  # the probability that 0, 1, 2, ... do
    k = min(int(np.searchsorted(fewer, RISK)), int((~right).sum()))
    return min(math.floor(confidence[k - 1] * 1e4) / 1e4, SURE) if k else 0.0


def coverage(logits: Floats, targets: Indices, temperature: float, threshold: float) -> Coverage:
    """Return what a threshold does to images, logits (N, classes)."""
    probabilities = softmax(logits, temperature)
    right = probabilities.argmax(axis=1) == targets
    given = probabilities.max(axis=1) >= threshold
    accuracy = float(right[given].mean()) if given.any() else None
    return Coverage(len(targets), int((~given).sum()), accuracy, int((right & ~given).sum()))


def calibration_bins(logits: Floats, targets: Indices, temperature: float) -> tuple[CalibrationBin, ...]:
    """Sort images, logits (N, classes), into `BINS` equal ranges of confidence; ranges without images are left out."""
    probabilities = softmax(logits, temperature)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    groups = [(confidence[which == i], right[which == i]) for i in np.unique(which)]
    return tuple(CalibrationBin(float(sure.mean()), float(hits.mean()), len(hits)) for sure, hits in groups)


def calibration_error(logits: Floats, targets: Indices, temperature: float) -> float:
    """Return the expected calibration error, 0 to 1: mean gap of confidence and accuracy (Guo et al. 2017)."""
    bins = calibration_bins(logits, targets, temperature)
    return sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / len(targets)


def _minimum(function: Callable[[float], float], low: float, high: float, cells: int = 40) -> float:
    """Return where `function` is least between `low` and `high`: the best of a grid, refined by golden sections."""
    step = (high - low) / cells
    best = low + step * min(range(cells + 1), key=lambda i: function(low + i * step))
    left, right = max(low, best - step), min(high, best + step)
    golden = (math.sqrt(5) - 1) / 2
    while right - left > 1e-6:
        a, b = right - golden * (right - left), left + golden * (right - left)
        if function(a) <= function(b):
            right = b
        else:
            left = a
    return (left + right) / 2
