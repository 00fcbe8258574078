"""Classification metrics in numpy, so that a device computes them as the trainer does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.int64]

MATRIX = 100  # classes up to which JSON has a confusion matrix as rows of numbers: of more, most of it are zeros


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


def confused_pairs(confusion: Indices, most: int) -> list[tuple[int, int, int]]:
    """Return (truth, answer, images) of the mistakes made most often, `most` of them at most, the first the worst."""
    wrong = confusion - np.diag(np.diag(confusion))
    truth, answer = np.nonzero(wrong)
    images = wrong[truth, answer]
    worst = np.argsort(-images, kind="stable")[:most]
    return [(int(truth[i]), int(answer[i]), int(images[i])) for i in worst]


def confusion_json(confusion: Indices) -> list[list[int]] | dict[str, list[int]]:
    """Return a matrix for JSON: its rows, or of more than `MATRIX` classes what is not 0, as columns of equal length.

    These are "truth" and "answer", places in the labels, and "images" of that class with that answer.
    """
    if len(confusion) <= MATRIX:
        rows: list[list[int]] = confusion.tolist()
        return rows
    truth, answer = np.nonzero(confusion)
    return {"truth": truth.tolist(), "answer": answer.tolist(), "images": confusion[truth, answer].tolist()}


def read_confusion(written: Sequence[Sequence[int]] | Mapping[str, Sequence[int]], classes: int) -> Indices:
    """Return the matrix, int64 (classes, classes), that `confusion_json` wrote."""
    if not isinstance(written, Mapping):
        return np.array(written, dtype=np.int64)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    confusion[written["truth"], written["answer"]] = written["images"]
    return confusion


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
