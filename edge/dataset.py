"""Datasets, read without torch: folders of photos, the cached CIFAR-10, or the rendered shapes.

A dataset folder holds `train/<class>/*` and `test/<class>/*`. The validation split is cut from train by
`stratified_split`, the same way wherever it is needed, so that a device evaluates on what training left out.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from .errors import DataError, PhotoError
from .files import cache_folder
from .labelled import LabelledImages
from .metrics import Indices
from .photo import Pixels, photo_files, read_photo
from .synthetic import synthetic_split

CIFAR10_LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SPLITS = ("train", "val", "test")


def load_split(data: str, split: str, size: int, *, val_fraction: float, val_seed: int) -> LabelledImages:
    """Return one split ("train", "val" or "test") of `data`, cut as in `load_train_val`.

    Raises DataError when the data is missing or unusable.
    """
    if split not in SPLITS:
        raise DataError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
    if split == "test":
        return load_test(data, size)
    train, val = load_train_val(data, size, val_fraction=val_fraction, val_seed=val_seed)
    return val if split == "val" else train


def load_train_val(
    data: str, size: int, *, val_fraction: float, val_seed: int
) -> tuple[LabelledImages, LabelledImages]:
    """Return the training and validation images of a dataset folder, of "cifar10" (cached) or "synthetic".

    Validation is a folder's own `val/` if there is one, else `val_fraction` of the training images, stratified,
    drawn with `val_seed`. Raises DataError.
    """
    if data in LOADERS:
        train = LOADERS[data]("train", size)
    else:
        train = load_folder(split_folder(data, "train"), size)
        if (Path(data) / "val").is_dir():
            return train, load_folder(Path(data) / "val", size)
    kept, held_out = stratified_split(train.targets, val_fraction, val_seed)
    return train.take(kept), train.take(held_out)


def load_test(data: str, size: int) -> LabelledImages:
    """Return the test images of a dataset folder, of "cifar10" (cached) or "synthetic". Raises DataError."""
    return LOADERS[data]("test", size) if data in LOADERS else load_folder(split_folder(data, "test"), size)


def split_folder(data: str, split: str) -> Path:
    """Return the folder of a split in the dataset folder `data`. Raises DataError when either is not there."""
    root = Path(data)
    if not root.is_dir():
        raise DataError(f"{data}: no such dataset folder (or name one of: {', '.join(LOADERS)})")
    if not (root / split).is_dir():
        raise DataError(f"{data}: no folder {split}/ in it; expected train/<class>/* and test/<class>/*")
    return root / split


def load_folder(folder: Path, size: int) -> LabelledImages:
    """Return the photos of `folder/<class>/*`, at `size` pixels square, classes and files in sorted order.

    Photos that can't be read are left out and reported in `unreadable`. Raises DataError when there are fewer
    than two classes, a class has no readable photo, or a name that can't be printed.
    """
    labels = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != ".")
    if len(labels) < 2:
        raise DataError(f"{folder}: {len(labels)} class folders; a classifier needs at least two")
    for label in labels:
        if not label.isprintable():
            raise DataError(f"{folder / label}: a class name that can't be printed; rename the folder")
    paths = [path for label in labels for path in photo_files(folder / label)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: _read_or_message(path, size), paths))
    good = [(path, result) for path, result in zip(paths, results, strict=True) if not isinstance(result, str)]
    index = {label: i for i, label in enumerate(labels)}
    targets = np.array([index[path.parent.name] for path, _ in good], dtype=np.int64)
    for i, label in enumerate(labels):
        if not np.any(targets == i):
            raise DataError(f"{folder / label}: no readable photo in this class folder; add some or remove it")
    return LabelledImages(
        images=np.stack([pixels for _, pixels in good]),
        targets=targets,
        labels=tuple(labels),
        ids=tuple(f"{path.parent.name}/{path.name}" for path, _ in good),
        unreadable=tuple(result for result in results if isinstance(result, str)),
    )


def stratified_split(targets: Indices, fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Split indices of `targets` into (kept, held out), holding out `fraction` of each class, at least one.

    Both are sorted; the same seed gives the same split on every machine and numpy version (RandomState's
    streams are frozen). Raises DataError when a class has a single image.
    """
    random = np.random.RandomState(seed)
    held_out = []
    for target in np.unique(targets):
        members = np.flatnonzero(targets == target)
        if len(members) < 2:
            raise DataError("a class has a single photo: too few to cut a validation split from; add photos")
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


def cifar10_cache() -> Path:
    """Return where the decoded CIFAR-10 is cached (`edge-cifar train --data cifar10` fills it)."""
    return cache_folder() / "cifar10.npz"


def load_cifar10(split: str, size: int) -> LabelledImages:
    """Return CIFAR-10's "train" (50,000) or "test" (10,000) images from the cache. Raises DataError."""
    path = cifar10_cache()
    if size != 32:
        raise DataError(f"cifar10 images are 32 pixels square, not {size}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            pixels, targets = arrays[f"{split}_images"], arrays[f"{split}_targets"].astype(np.int64)
        expected_shape = (len(targets), 32, 32, 3)
        if pixels.dtype != np.uint8 or pixels.shape != expected_shape or targets.max() >= len(CIFAR10_LABELS):
            raise ValueError("not the arrays of CIFAR-10")
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: CIFAR-10 is not there yet; `edge-cifar train` downloads it (extra [train]), "
            "or name a folder with train/<class>/* and test/<class>/*"
        ) from error
    except Exception as error:  # a damaged zip raises a dozen different errors
        raise DataError(f"{path}: damaged ({error}); delete it and run `edge-cifar train` again") from error
    ids = tuple(f"{split}/{i:05}" for i in range(len(targets)))
    return LabelledImages(with_x(pixels), targets, CIFAR10_LABELS, ids)


def with_x(rgb: Pixels) -> Pixels:
    """Return uint8 (..., 3) RGB as (..., 4) RGBX, X = 255."""
    x = np.full((*rgb.shape[:-1], 1), 255, dtype=np.uint8)
    return np.concatenate([rgb, x], axis=-1)


def same_labels(expected: Sequence[str], found: Iterable[str], where: str) -> None:
    """Raise DataError unless the labels of a model and a dataset, or of two splits, are the same."""
    if tuple(expected) != tuple(found):
        raise DataError(f"{where}: classes {', '.join(found)} differ from the expected {', '.join(expected)}")


def _read_or_message(path: Path, size: int) -> Pixels | str:
    try:
        return read_photo(path, size)
    except PhotoError as error:
        return str(error)


LOADERS: dict[str, Callable[[str, int], LabelledImages]] = {
    "cifar10": load_cifar10,
    "synthetic": synthetic_split,
}
