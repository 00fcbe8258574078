"""Classification metrics in numpy, so that a device computes them as the trainer does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one class; precision, recall and F1 are 0 where nothing was predicted or present."""

    precision: float
    recall: float
    f1: float
    support: int


def confusion_matrix(targets: Indices, predicted: Indices, classes: int) -> Indices:
    """Return counts, int64 (classes, classes): rows are the true class, columns the predicted one."""
    counts = np.bincount(targets * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def accuracy(confusion: Indices) -> float:
    """Return top-1 accuracy, 0 to 1."""
    return float(np.trace(confusion) / max(1, confusion.sum()))


def per_class(confusion: Indices, labels: Sequence[str]) -> dict[str, ClassMetrics]:
    """Return precision, recall, F1 and support for each label, in the order of the labels."""
    hits = np.diag(confusion)
    predicted, present = confusion.sum(axis=0), confusion.sum(axis=1)
    return {
        label: ClassMetrics(
            precision=float(hits[i] / max(1, predicted[i])),
            recall=float(hits[i] / max(1, present[i])),
            f1=float(2 * hits[i] / max(1, predicted[i] + present[i])),
            support=int(present[i]),
        )
        for i, label in enumerate(labels)
    }
