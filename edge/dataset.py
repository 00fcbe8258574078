"""Datasets by name or folder, read without torch, and how they are split.

A dataset folder holds `train/<class>/*` and `test/<class>/*`, and `val/<class>/*` where its owner has chosen, or only
`<class>/*`. Splits that it lacks are cut from its training photos by `stratified_split`, the same way wherever
they are needed, so that a device evaluates on what training left out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from .cifar import load_cifar
from .errors import DataError
from .folder import class_folders, load_folder
from .labelled import LabelledImages
from .metrics import Indices
from .synthetic import synthetic_split

DATA_HELP = "cifar10, cifar100, synthetic, or a folder: <class>/* or train/<class>/* and test/<class>/*."
SPLITS = ("train", "val", "test")
TEST_FRACTION = 0.2  # of a folder's photos, when it has no test/
TEST_SEED = 0  # the same for every run, so that runs with other seeds are compared on the same photos
LOADERS: dict[str, Callable[[str, int], LabelledImages]] = {
    "cifar10": partial(load_cifar, "cifar10"),
    "cifar100": partial(load_cifar, "cifar100"),
    "synthetic": synthetic_split,
}
"""Datasets known by name, each with the splits "train" and "test": (split, size) -> images."""


def load_split(data: str, split: str, size: int, *, val_fraction: float, val_seed: int) -> LabelledImages:
    """Return one split ("train", "val" or "test") of `data`, as `load_splits` does, reading no more than needed."""
    if split not in SPLITS:
        raise DataError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
    given = _given_splits(data, size)
    if split in given and split != "train":
        return given[split]()
    return _cut(data, given, val_fraction, val_seed)[split]


def load_splits(data: str, size: int, *, val_fraction: float, val_seed: int) -> dict[str, LabelledImages]:
    """Return the splits "train", "val" and "test" of a dataset folder, or of a dataset known by name.

    What the dataset lacks is cut from its training images: `TEST_FRACTION` of each class for "test", then
    `val_fraction` of each class, drawn with `val_seed`, for "val". Raises DataError when the data is missing or
    unusable, a class has too few photos to be split, or the splits have other classes.
    """
    given = _given_splits(data, size)
    splits = {split: load() for split, load in given.items() if split != "train"}
    splits |= _cut(data, given, val_fraction, val_seed)
    for split in ("val", "test"):
        same_labels(splits["train"].labels, splits[split].labels, f"{data}/{split}")
    return {split: splits[split] for split in SPLITS}


def missing_splits(data: str) -> tuple[str, ...]:
    """Return which of "test" and "val" the dataset lacks, so that they are cut from "train". Raises DataError."""
    given = ("train", "test") if data in LOADERS else split_folders(data)
    return tuple(split for split in ("test", "val") if split not in given)


def split_folder(data: str, split: str) -> Path:
    """Return the folder of a split in the dataset folder `data`. Raises DataError when either is not there."""
    folders = split_folders(data)
    if split not in folders:
        raise DataError(f"{data}: no folder {split}/ in it; expected train/<class>/* and test/<class>/*")
    return folders[split]


def split_folders(data: str) -> dict[str, Path]:
    """Return the split folders of the dataset folder `data`; itself as "train", if there are only class folders.

    Raises DataError when `data` is no folder.
    """
    root = Path(data)
    if not root.is_dir():
        raise DataError(f"{data}: no such dataset folder (or name one of: {', '.join(LOADERS)})")
    folders = {split: root / split for split in SPLITS if (root / split).is_dir()}
    # A class may be called "train": a split folder is one that has folders in it.
    return folders if any(class_folders(folder) for folder in folders.values()) else {"train": root}


def stratified_split(targets: Indices, fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Split indices of `targets` into (kept, held out): `fraction` of each class, at least one, but never all of it.

    Both are sorted; the same seed gives the same split on every machine and numpy version (RandomState's
    streams are frozen).
    """
    random = np.random.RandomState(seed)
    held_out = []
    for target in np.unique(targets):
        members = np.flatnonzero(targets == target)
        count = min(max(1, round(fraction * len(members))), len(members) - 1)
        held_out.append(random.permutation(members)[:count])
    chosen = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(targets)), chosen), chosen


def stratified_sample(targets: Indices, count: int, seed: int) -> Indices:
    """Return `count` sorted indices (all, if there are fewer), spread evenly over the classes."""
    random = np.random.RandomState(seed)
    queues = [random.permutation(np.flatnonzero(targets == target)) for target in np.unique(targets)]
    rank = np.concatenate([np.arange(len(queue)) for queue in queues])
    order = np.concatenate(queues)[np.argsort(rank, kind="stable")]  # one of each class in turn
    return np.sort(order[:count])


def same_labels(expected: Sequence[str], found: Iterable[str], where: str) -> None:
    """Raise DataError unless the labels of two splits are the same."""
    if tuple(expected) != tuple(found):
        raise DataError(f"{where}: classes {', '.join(found)} differ from the expected {', '.join(expected)}")


def _given_splits(data: str, size: int) -> Mapping[str, Callable[[], LabelledImages]]:
    """Return what loads each split that the dataset has itself."""
    if data in LOADERS:
        return {split: partial(LOADERS[data], split, size) for split in ("train", "test")}
    return {split: partial(load_folder, folder, size) for split, folder in split_folders(data).items()}


def _cut(
    data: str, given: Mapping[str, Callable[[], LabelledImages]], val_fraction: float, val_seed: int
) -> dict[str, LabelledImages]:
    """Return "train" and the splits cut from it because they aren't `given`."""
    if "train" not in given:
        split_folder(data, "train")  # raises, and says what is expected
    parts = {"train": given["train"]()}
    shares = {"test": (TEST_FRACTION, TEST_SEED), "val": (val_fraction, val_seed)}
    missing = [split for split in shares if split not in given]
    _check_counts(data, parts["train"], missing)
    for split in missing:
        kept, held_out = stratified_split(parts["train"].targets, *shares[split])
        parts |= {"train": parts["train"].take(kept), split: parts["train"].take(held_out)}
    return parts


def _check_counts(data: str, images: LabelledImages, missing: Sequence[str]) -> None:
    """Raise DataError when a class has too few photos to be trained on and held out for each `missing` split."""
    for label, count in zip(images.labels, images.counts(), strict=True):
        if count <= len(missing):
            photos = "a single photo" if count == 1 else f"{count} photos"
            splits = " and a ".join({"val": "validation"}.get(split, split) for split in missing)
            raise DataError(
                f"{data}: class {label!r} has {photos}, too few to cut a {splits} split from; "
                f"add photos ({len(missing) + 1} at least) or remove the class"
            )
