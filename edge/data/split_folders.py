"""The layouts of dataset folders: which folder in them holds which split, whatever it is called."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from .class_folder import class_folders, has_photos, photos_beside

SPLITS = ("train", "val", "test")
NAMES = {
    **dict.fromkeys(("train", "training", "trn", "trainval"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "devel", "development", "eval", "evaluation"), "val"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "heldout"), "test"),
}
"""What folders of splits are called, in letters alone: "Train", "test_set", "held-out" and "val2017" are understood."""
FILLERS = ("dataset", "set", "data", "image", "images", "photos", "split")  # words that such names may have, too
EXPECTED = "expected train/<class>/* and test/<class>/*, or <class>/* alone"


@dataclass(frozen=True)
class Layout:
    """The folder of each split that a dataset has, and a line for each thing in it that belongs to none."""

    folders: Mapping[str, Path]
    left_out: tuple[str, ...] = ()


def read_layout(root: Path) -> Layout:
    """Return how the dataset folder `root` is laid out; itself is "train" if there are only class folders.

    A split's folder is one that has class folders in it, in `root` or in the one folder of `root` that has such: a
    class may be called "train". Raises DataError when the same split is there twice, classes are split one by one, or
    there are splits without classes.
    """
    found = _splits_in(root)
    if not found:
        below = [root / name for name in class_folders(root) if _splits_in(root / name)]
        if len(below) > 1:
            raise DataError(f"{root}: {_listed(below)} hold splits each, as datasets do; name one of them")
        if below:
            layout = read_layout(below[0])
            return Layout(layout.folders, (*_beside(root, below), *layout.left_out))
        _check_classes(root)
        return Layout({"train": root}, tuple(photos_beside(root)))
    for split, folders in found.items():
        if len(folders) > 1:
            raise DataError(f"{root}: {_listed(folders)} are both its {split} split; keep one, or join them")
    chosen = {split: found[split][0] for split in SPLITS if split in found}
    return Layout(chosen, tuple(_beside(root, list(chosen.values()))))


def split_name(folder: str) -> str | None:
    """Return the split ("train", "val" or "test") that a folder of this name holds by common usage, None if none."""
    words = [word for word in re.split(r"[^a-z]+", folder.lower()) if word not in FILLERS]
    name = "".join(words)
    return next((NAMES[bare] for filler in ("", *FILLERS) if (bare := name.removesuffix(filler)) in NAMES), None)


def _splits_in(root: Path) -> dict[str, list[Path]]:
    """Return the folders in `root` that are called like a split and have folders in them, by split."""
    found = defaultdict(list)
    for name in class_folders(root):
        split = split_name(name)
        if split and class_folders(root / name):
            found[split].append(root / name)
    return dict(found)


def _check_classes(root: Path) -> None:
    """Raise DataError when class folders are splits without classes, or a class folder holds splits of its own."""
    labels = class_folders(root)
    if len({split_name(label) for label in labels} - {None}) > 1:
        filled = [label for label in labels if has_photos(root / label)]
        if all(map(split_name, filled)) and filled:
            raise DataError(
                f"{root}: {_listed([root / label for label in filled])} hold photos without class folders; {EXPECTED}"
            )
    for label in labels:
        splits = [name for name in class_folders(root / label) if split_name(name)]
        if len({split_name(name) for name in splits}) > 1:
            raise DataError(
                f"{root / label}: holds {', '.join(f'{name}/' for name in splits)} where photos of a class should be; "
                f"{EXPECTED}"
            )


def _beside(root: Path, chosen: Sequence[Path]) -> list[str]:
    """Return a line for each folder of `root` with photos that is none of the `chosen`, and one for photos in none."""
    words = ", ".join(f"{folder.name}/" for folder in chosen)
    others = [root / name for name in class_folders(root) if root / name not in chosen]
    return [f"{other}: {_kind(other)}, beside {words}" for other in others if has_photos(other)] + photos_beside(root)


def _listed(folders: Sequence[Path]) -> str:
    return " and ".join(f"{folder.name}/" for folder in folders)


def _kind(folder: Path) -> str:
    if split_name(folder.name):
        return "photos without class folders"
    return "a folder of no split that is known"
