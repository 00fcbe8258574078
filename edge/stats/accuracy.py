"""How often a model is right on labelled images, and what it answers otherwise than another model did before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .classification import Indices, confusion_matrix, per_class
from .significance import PairedTest, paired_test, wilson_interval

Labels: TypeAlias = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Flip:
    """An image that a model answers otherwise than the one before: what it shows and both answers."""

    id: str
    truth: str
    before: str
    after: str


@dataclass(frozen=True)
class Accuracy:
    """Top-1 of `n` images, 0 to 1, with its 95 % interval (Wilson), against another model's answers to them.

    `recalls` holds the top-1 of each label that has images, in the order of the labels.
    """

    n: int
    top1: float
    interval: tuple[float, float]
    recalls: Mapping[str, float]
    same_answers: float
    paired: PairedTest
    flips: tuple[Flip, ...]

    @property
    def worst_class(self) -> str:
        """Return the label of least recall, the first of several alike."""
        return min(self.recalls, key=lambda label: self.recalls[label])


def measure_accuracy(
    targets: Indices, answers: Indices, labels: Sequence[str], before: Labels, ids: Sequence[str]
) -> Accuracy:
    """Judge `answers` to images, `targets` both int64 (N,) in the order of `labels`.

    `before` (N,) holds the other model's answers by name, since models may order their labels differently.
    """
    names = np.array(labels)
    truth, after = names[targets], names[answers]
    right = answers == targets
    metrics = per_class(confusion_matrix(targets, answers, len(labels)), labels)
    return Accuracy(
        n=len(targets),
        top1=float(right.mean()),
        interval=wilson_interval(int(right.sum()), len(targets)),
        recalls={label: own.recall for label, own in metrics.items() if own.support},
        same_answers=float((after == before).mean()),
        paired=paired_test(before == truth, right),
        flips=tuple(
            Flip(ids[i], str(truth[i]), str(before[i]), str(after[i])) for i in np.flatnonzero(after != before).tolist()
        ),
    )
