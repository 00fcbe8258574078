"""The layouts of dataset folders: which folder in them holds which split, whatever it is called."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from .class_folder import class_folders, has_photos, photos_beside

SPLITS = ("train", "val", "test")
NAMES = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval", "evaluation"), "val"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
"""What folders of splits are called, in lower case: "Train", "test_set" and "val2017" are understood as well."""
FILLERS = {"set", "data", "dataset", "image", "images", "photos", "split"}  # words that such names may have, too
EXPECTED = "expected train/<class>/* and test/<class>/*, or <class>/* alone"


@dataclass(frozen=True)
class Layout:
    """The folder of each split that a dataset has, and a line for each thing in it that belongs to none."""

    folders: Mapping[str, Path]
    left_out: tuple[str, ...] = ()


def read_layout(root: Path) -> Layout:
    """Return how the dataset folder `root` is laid out; itself is "train" if there are only class folders.

    A split's folder is one that has class folders in it, in `root` or in the one folder of `root` that has such: a
    class may be called "train". Raises DataError when the same split is there twice, or classes are split one by one.
    """
    found = _splits_in(root)
    if not found:
        below = [root / name for name in class_folders(root) if _splits_in(root / name)]
        if len(below) == 1:
            return read_layout(below[0])
    if not found:
        _check_classes(root)
        return Layout({"train": root}, tuple(photos_beside(root)))
    for split, folders in found.items():
        if len(folders) > 1:
            both = " and ".join(f"{folder.name}/" for folder in folders)
            raise DataError(f"{root}: {both} are both its {split} split; keep one, or join them")
    chosen = {split: found[split][0] for split in SPLITS if split in found}
    others = [root / name for name in class_folders(root) if root / name not in chosen.values()]
    words = ", ".join(f"{folder.name}/" for folder in chosen.values())
    left_out = [f"{other}: {_kind(other)}, beside {words}" for other in others if has_photos(other)]
    return Layout(chosen, (*left_out, *photos_beside(root)))


def split_name(folder: str) -> str | None:
    """Return the split ("train", "val" or "test") that a folder of this name holds by common usage, None if none."""
    words = [word for word in re.split(r"[^a-z]+", folder.lower()) if word and word not in FILLERS]
    return NAMES.get(words[0].removesuffix("set")) if len(words) == 1 else None


def _splits_in(root: Path) -> dict[str, list[Path]]:
    """Return the folders in `root` that are called like a split and have folders in them, by split."""
    found = defaultdict(list)
    for name in class_folders(root):
        split = split_name(name)
        if split and class_folders(root / name):
            found[split].append(root / name)
    return dict(found)


def _check_classes(root: Path) -> None:
    """Raise DataError when a class folder holds splits of its own."""
    for label in class_folders(root):
        splits = [name for name in class_folders(root / label) if split_name(name)]
        if len({split_name(name) for name in splits}) > 1:
            raise DataError(
                f"{root / label}: holds {', '.join(f'{name}/' for name in splits)} where photos of a class should be; "
                f"{EXPECTED}"
            )


def _kind(folder: Path) -> str:
    if split_name(folder.name):
        return "photos without class folders"
    return "a folder of no split that is known"
