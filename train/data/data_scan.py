"""A look at the data before training: what can't be read, what stands in two splits, how even the classes are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...edge.data.labelled_images import LabelledImages
from ...edge.data.pixel_rows import image_hashes
from ...edge.errors import DataError, printable

SHOWN = 10  # lines, or classes, of a kind; all of them are in the run's configuration
UNEVEN = 2.0  # times as many images as the smallest class has

Twins = Sequence[tuple[str, int]]
"""Images with the same pixels, as (split, index)."""


@dataclass(frozen=True)
class Scan:
    """What a look at a dataset found.

    `unreadable` holds a message for each file that was left out; `twins` groups of images with the same pixels
    in more than one split, as "split/id", of which those in "train" were left out of training; `counts` the images of
    each class in each split, after that. `left_out` says what else of a folder is no image of the dataset, `clashes`
    are groups of images with the same pixels and different classes, of which none was left out, and `remarks` what
    else a user should know.
    """

    unreadable: tuple[str, ...]
    twins: tuple[tuple[str, ...], ...]
    counts: Mapping[str, Mapping[str, int]]
    left_out: tuple[str, ...] = ()
    clashes: tuple[tuple[str, ...], ...] = ()
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return what a user should know, a line each."""
        lines = _some([f"left out: {message}" for message in self.unreadable], "that can't be read")
        lines += _some([f"left out: {line}" for line in self.left_out], "left out")
        lines += _some([_twin_line(group) for group in self.twins], "in two splits")
        lines += _some([f"same pixels in two classes: {' = '.join(group)}" for group in self.clashes], "in two classes")
        return [*lines, *self.remarks, _balance_line(self.counts["train"])]


def scan(splits: Mapping[str, LabelledImages]) -> tuple[Scan, LabelledImages]:
    """Look at the splits "train", "val" and "test"; return what was found and the images to train on.

    An image that stands in "train" and in another split is left out of training, or the other would measure what was
    learned by heart. Raises DataError when no image of a class is left.
    """
    alike = find_twins(splits)
    found = [group for group in alike if len({split for split, _ in group}) > 1]
    clashing = [group for group in alike if group not in found]
    leave_out = [i for group in found for split, i in group if split == "train"]
    train = splits["train"]
    if leave_out:
        train = train.take(np.setdiff1d(np.arange(len(train)), leave_out))
    for label, count in zip(train.labels, train.counts(), strict=True):
        if count == 0:
            raise DataError(f"class {label!r}: all of its training photos are validation or test photos as well")
    counts = {name: dict(zip(split.labels, split.counts().tolist(), strict=True)) for name, split in splits.items()}
    counts["train"] = dict(zip(train.labels, train.counts().tolist(), strict=True))
    unreadable = dict.fromkeys(message for split in splits.values() for message in split.unreadable)
    left_out = dict.fromkeys(line for split in splits.values() for line in split.left_out)
    twins, clashes = (
        tuple(tuple(printable(f"{split}/{splits[split].ids[i]}") for split, i in group) for group in groups)
        for groups in (found, clashing)
    )
    return Scan(tuple(unreadable), twins, counts, tuple(left_out), clashes), train


def find_twins(splits: Mapping[str, LabelledImages]) -> list[Twins]:
    """Return the groups of images with the same pixels, by their hash, that stand in more than one split or class."""
    groups: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
    for name, split in splits.items():
        for i, found in enumerate(image_hashes(split.images)):
            groups[found.tobytes()].append((name, i))
    return [
        group
        for group in groups.values()
        if len(group) > 1 and len({(split, int(splits[split].targets[i])) for split, i in group}) > 1
    ]


def class_weights(train: LabelledImages) -> npt.NDArray[np.float32]:
    """Return a weight for each class's loss, float32 (classes,): the inverse of its number of images, mean 1."""
    inverse = 1 / train.counts().astype(np.float32)
    return np.asarray(inverse / inverse.mean(), dtype=np.float32)


def _some(lines: list[str], words: str) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = [f"and {len(lines) - SHOWN} more {words}"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more


def _twin_line(group: Sequence[str]) -> str:
    consequence = "; left out of training" if any(name.startswith("train/") for name in group) else ""
    return f"same pixels: {' = '.join(group)}{consequence}"


def _balance_line(counts: Mapping[str, int]) -> str:
    """Return the number of training images of each class, or of the smallest and the largest of many."""
    smallest, largest = min(counts, key=lambda label: counts[label]), max(counts, key=lambda label: counts[label])
    if len(counts) <= SHOWN:
        line = "training images: " + ", ".join(f"{label} {count}" for label, count in counts.items())
    else:
        line = f"training images of a class: {counts[smallest]} ({smallest}) to {counts[largest]} ({largest})"
    ratio = counts[largest] / counts[smallest]
    return f"{line}; uneven by {ratio:.1f}, see --class-weights" if ratio >= UNEVEN else line
