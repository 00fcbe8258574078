"""What an exported file is worth, measured by running the file itself, on images that did not make it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import ModelError
from ...edge.inference.on_dataset import batch_logits
from ...edge.machine.cores import usable_cores
from ...edge.model.contract import Logits, Model
from ...edge.stats.accuracy import Accuracy, measure_accuracy
from ...edge.stats.classification import confusion_matrix
from ...edge.stats.confidence import (
    FEW,
    CalibrationBin,
    Coverage,
    abstain_threshold,
    at_bound,
    calibration_bins,
    calibration_error,
    coverage,
    fit_temperature,
)
from ..proof.portability import doubts

# The logit difference allowed between the original and the fp32 file. Both add in float32, in other orders: the
# difference grows with the logits, about 1e-6 of their range, while a wrong layer changes whole hundredths of it.
TOLERANCE = 1e-4  # of the range of the logits
RESOLUTION = 32 * float(np.finfo(np.float32).eps)  # of the largest logit, where all of them are far from 0
TRAINED = "the trained net"  # what a run's net is called; somebody else's is called by its file


@dataclass(frozen=True)
class Evidence:
    """A file in full; `calibration_error` is on the test images, before and after the temperature.

    `doubts` are the reasons why the file is not proven to give the same bits on every CPU, none if it is. `val` and
    `test` are against the fp32 file's answers. `confusion` counts test images by true class and answer, in the order of
    `labels`; `reliability` is of the same images, after the temperature. `coverage` is of the test images at the
    abstain threshold. `few_images`: validation has under `FEW`, hardly enough for a temperature; `at_bound`: a card
    can't say the temperature that was wanted.

    Where images are not `labelled`, the fp32 file's answers stand for labels: top-1, recalls and confusion then count
    the same answers as the fp32 file's, and there is no temperature, no threshold and no calibration error to fit.
    """

    file: str
    bytes: int
    portability: str
    int8_share: float | None  # of the multiplications, 0 to 1, where its card says it
    doubts: tuple[str, ...]
    largest_logit_difference: float  # from `origin`, on validation
    temperature: float
    abstain_threshold: float
    few_images: bool
    at_bound: bool
    coverage: Coverage
    calibration_error: tuple[float, float]
    val: Accuracy
    test: Accuracy
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[CalibrationBin, ...]
    labelled: bool
    origin: str  # what the net is called that the files were made from


@dataclass(frozen=True)
class SplitLogits:
    """A model's logits, float32 (N, classes), on both splits."""

    val: Logits
    test: Logits


@dataclass(frozen=True)
class References:
    """What files are compared with: the original net's logits on validation, the fp32 file's on both splits.

    `origin` is what that net is called. Where images are not `labelled`, their targets are the fp32 file's answers.
    """

    reference_val: Logits
    fp32: SplitLogits
    origin: str = TRAINED
    labelled: bool = True


def require_finite(path: str, logits: Logits, origin: str = TRAINED) -> None:
    """Raise ModelError when a net's logits are no numbers; `origin` is what it is called."""
    if not np.isfinite(logits).all():
        kind = "NaN" if np.isnan(logits).any() else "infinite"
        so = "so its training went astray; train again" if origin == TRAINED else "so no file of it can be trusted"
        raise ModelError(f"{path}: {origin} gives {kind} logits, {so}")


def require_parity(file: str, logits: Logits, expected: Logits, origin: str = TRAINED) -> None:
    """Raise ModelError when the fp32 file's logits differ from the original net's by more than `allowed_difference`.

    `origin` is what that net is called.
    """
    difference, allowed = float(np.abs(logits - expected).max()), allowed_difference(expected)
    if not difference <= allowed:
        told = f"by {difference:.2g}, more than {allowed:.2g}" if np.isfinite(logits).all() else "by being no numbers"
        raise ModelError(f"{file}: logits differ from {origin}'s {told}; the file was not kept, please report this")


def allowed_difference(expected: Logits) -> float:
    """Return the largest logit difference that rounding explains: a share of the logits' range."""
    return TOLERANCE * float(np.ptp(expected)) + RESOLUTION * float(np.abs(expected).max())


def file_logits(path: Path, val: LabelledImages, test: LabelledImages) -> SplitLogits:
    """Run a model file on both splits."""
    model = Model(path, usable_cores())
    return SplitLogits(batch_logits(model, val), batch_logits(model, test))


def measure(
    path: Path, logits: SplitLogits, val: LabelledImages, test: LabelledImages, references: References
) -> Evidence:
    """Judge a file by its logits. The temperature and the abstain threshold are fitted on validation, if labelled."""
    temperature, threshold = 1.0, 0.0
    if references.labelled:
        temperature = fit_temperature(logits.val, val.targets)
        threshold = abstain_threshold(logits.val, val.targets, temperature)
    confusion = confusion_matrix(test.targets, logits.test.argmax(1), len(test.labels))
    card = Model(path).card
    return Evidence(
        file=path.name,
        bytes=path.stat().st_size,
        portability=card.portability,
        int8_share=card.int8_share,
        doubts=tuple(doubts(onnx.load(path))),
        largest_logit_difference=float(np.abs(logits.val - references.reference_val).max()),
        temperature=temperature,
        abstain_threshold=threshold,
        few_images=references.labelled and len(val) < FEW,
        at_bound=at_bound(temperature),
        coverage=coverage(logits.test, test.targets, temperature, threshold),
        calibration_error=(
            calibration_error(logits.test, test.targets, 1.0),
            calibration_error(logits.test, test.targets, temperature),
        ),
        val=_on_split(logits.val, references.fp32.val, val),
        test=_on_split(logits.test, references.fp32.test, test),
        labels=test.labels,
        confusion=tuple(map(tuple, confusion.tolist())),
        reliability=calibration_bins(logits.test, test.targets, temperature),
        labelled=references.labelled,
        origin=references.origin,
    )


def _on_split(logits: Logits, fp32: Logits, images: LabelledImages) -> Accuracy:
    before = np.array(images.labels)[fp32.argmax(1)]
    return measure_accuracy(images.targets, logits.argmax(1), images.labels, before, images.ids)
