"""Datasets by name or folder, read without torch, and how they are split.

A dataset folder holds `train/<class>/*` and `test/<class>/*`, and `val/<class>/*` where its owner has chosen, or only
`<class>/*`; a table names the class of each photo, and its split or none. Splits that it lacks are cut from its
training photos, each photo by its own content, so that none changes sides when others come or go, and a device
evaluates on what training left out; of photos that look alike, one decides for all. Datasets that never change, which
are known by name, are cut by `stratified_split`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..errors import DataError
from ..photos.preprocessing import Preprocessing
from ..splits.name_groups import on_both_sides
from ..splits.split_rules import ALIKE, BY_NAME, CONTENT, POSITION, cut_by_content, stratified_split, unsettled
from ..stats.classification import Indices
from .cifar import is_whole_cifar, load_cifar
from .class_folder import class_folders, class_photos
from .content_hashes import file_contents
from .image_folder import list_folder, load_folder
from .label_table import is_table, list_rows, load_table, read_table
from .labelled_images import LabelledImages
from .listed_photos import ListedPhotos
from .split_folders import EXPECTED, SPLITS, Layout, read_layout
from .synthetic_shapes import synthetic_split

DATA_HELP = (
    "Images: cifar10, cifar100, synthetic, a folder (<class>/*, or train/<class>/* and test/<class>/*), or a table "
    "(labels.csv: path,label or path,label,split)."
)
ALL = "all"  # every image, whatever split it is in
TEST_FRACTION = 0.2  # of a folder's photos, when it has no test/
TEST_SEED = 0  # the same for every run, so that runs with other seeds are compared on the same photos
LOADERS: dict[str, Callable[[str, int | Preprocessing], LabelledImages]] = {
    "cifar10": partial(load_cifar, "cifar10"),
    "cifar100": partial(load_cifar, "cifar100"),
    "synthetic": synthetic_split,
}
"""Datasets known by name, each with the splits "train" and "test": (split, pixels) -> images."""

Photos = TypeVar("Photos", LabelledImages, ListedPhotos)


def load_split(
    data: str,
    split: str,
    to: int | Preprocessing,
    *,
    val_fraction: float,
    val_seed: int,
    rule: str = CONTENT,
    contents: bool = False,
) -> LabelledImages:
    """Return one split ("train", "val", "test" or "all") of `data`, as `load_splits` does, reading no more than needed.

    Photos become the pixels that `to` says. A single class is enough. Images of folders have their `contents` if asked
    or needed.
    """
    if split not in (*SPLITS, ALL):
        raise DataError(f"unknown split {split!r}; choose from {', '.join((*SPLITS, ALL))}")
    given = _given_splits(data, to, least=1, contents=contents)
    if split == ALL:
        return _joined(given)
    if split in given and split != "train":
        return given[split]()
    return _cut(data, given, val_fraction, val_seed, rule)[split]


def load_splits(
    data: str, to: int | Preprocessing, *, val_fraction: float, val_seed: int, rule: str = CONTENT, least: int = 2
) -> dict[str, LabelledImages]:
    """Return the splits "train", "val" and "test", of `least` classes, of a dataset folder or one known by name.

    What the dataset lacks is cut from its training images by `rule`: `TEST_FRACTION` of each class for "test", then
    `val_fraction` of each class, drawn with `val_seed`, for "val". Images of folders have their `contents`. Raises
    DataError when the data is missing or unusable, a class has too few photos to be split, or the splits have other
    classes.
    """
    given = _given_splits(data, to, least, contents=True)
    splits = {split: load() for split, load in given.items() if split != "train"}
    splits |= _cut(data, given, val_fraction, val_seed, rule)
    if rule.startswith(BY_NAME):
        told = on_both_sides([images.groups for images in splits.values()])
        splits["train"] = replace(splits["train"], remarks=(*splits["train"].remarks, *told))
    for split in ("val", "test"):
        same_labels(splits["train"].labels, splits[split].labels, f"{data}/{split}")
    return {split: splits[split] for split in SPLITS}


def list_splits(data: str, *, val_fraction: float, val_seed: int) -> dict[str, ListedPhotos]:
    """Return the splits that `load_splits` returns of a folder or table, none of their photos decoded.

    A single class is enough, and splits may have other classes. Raises DataError as `load_splits` does.
    """
    given = _listed_splits(data)
    splits = {split: load() for split, load in given.items() if split != "train"}
    splits |= _cut(data, given, val_fraction, val_seed, CONTENT)
    return {split: splits[split] for split in SPLITS}


def missing_splits(data: str) -> tuple[str, ...]:
    """Return which of "test" and "val" the dataset lacks, so that they are cut from "train". Raises DataError."""
    given = ("test",) if data in LOADERS else split_folders(data)
    return tuple(split for split in ("test", "val") if split not in given)


def split_folders(data: str) -> Mapping[str, Path]:
    """Return the folder that the ids of each split of `data` are paths in: as `read_layout` finds it, or the table's.

    Raises DataError when `data` is neither folder nor table.
    """
    if is_table(data):
        return dict.fromkeys(read_table(Path(data)), Path(data).parent)
    return _layout(data).folders


def split_files(data: str, split: str) -> Sequence[Sequence[Path]]:
    """Return the files of one of the `split_folders` of `data`, class by class, sorted; none is read."""
    folder = split_folders(data)[split]
    if not is_table(data):
        return [[folder / name for name in class_photos(folder, label)[0]] for label in class_folders(folder)]
    rows = sorted(read_table(Path(data))[split], key=lambda row: (row.label, row.path))
    return [[folder / row.path for row in own] for _, own in groupby(rows, key=lambda row: row.label)]


def uncertain_test_photos(images: LabelledImages) -> Indices:
    """Return which images of a test split cut by content are there only because their class is so small.

    When photos come or go, such photos may change sides. The images must have their `contents`.
    """
    return unsettled(images.together(), TEST_FRACTION, _test_salt(), held_out=True)


def decided_by_others(images: LabelledImages, rule: str) -> int:
    """Return how many images of a split cut by `rule` others may take along, if one more comes that looks like them."""
    if rule != ALIKE:
        return 0
    groups = Counter(group for group, _ in set(zip(images.together(), images.names(), strict=True)))
    return sum(groups[group] > 1 for group in images.together())


def stratified_sample(targets: Indices, count: int, seed: int) -> Indices:
    """Return `count` sorted indices (all, if there are fewer), spread evenly over the classes."""
    random = np.random.RandomState(seed)
    queues = [random.permutation(np.flatnonzero(targets == target)) for target in np.unique(targets)]
    rank = np.concatenate([np.arange(len(queue)) for queue in queues])
    order = np.concatenate(queues)[np.argsort(rank, kind="stable")]  # one of each class in turn
    return np.sort(order[:count])


def same_labels(expected: Sequence[str], found: Iterable[str], where: str) -> None:
    """Raise DataError unless the labels of two splits are the same, naming the first that differs."""
    found = tuple(found)
    new = [label for label in found if label not in expected]
    lacking = [label for label in expected if label not in found]
    differences = [f"{label!r} is no class of the training photos" for label in new[:1]]
    differences += [f"there are no photos of {label!r}" for label in lacking[:1]]
    if differences:
        raise DataError(f"{where}: other classes than in training: {' and '.join(differences)}")


def _layout(data: str) -> Layout:
    if not data.strip():
        raise DataError("the name of the data is empty; name a folder (. is the current one) or a dataset")
    if not Path(data).is_dir():
        raise DataError(f"{data}: no such dataset folder (or name one of: {', '.join(LOADERS)})")
    return read_layout(Path(data))


def _given_splits(
    data: str, to: int | Preprocessing, least: int, contents: bool
) -> dict[str, Callable[[], LabelledImages]]:
    """Return what loads each split that the dataset has itself, of `least` classes; with `contents` if asked."""
    if data in LOADERS:
        return {split: partial(LOADERS[data], split, to) for split in ("train", "test")}
    left_out: tuple[str, ...] = ()
    readers: dict[str, Callable[[], LabelledImages]]
    if is_table(data):
        rows = read_table(Path(data))
        readers = {split: partial(load_table, Path(data), own, to, least) for split, own in rows.items()}
        folders: Mapping[str, Path] = dict.fromkeys(rows, Path(data).parent)
    else:
        layout = _layout(data)
        folders, left_out = layout.folders, layout.left_out
        readers = {split: partial(load_folder, folder, to, least) for split, folder in folders.items()}

    def load(split: str) -> LabelledImages:
        images = readers[split]()
        if contents or (split == "train" and len(readers) < len(SPLITS)):
            images = replace(images, contents=file_contents(folders[split], images.ids))
        return replace(images, left_out=(*left_out, *images.left_out))

    return {split: partial(load, split) for split in readers}


def _listed_splits(data: str) -> dict[str, Callable[[], ListedPhotos]]:
    """Return what lists each split that a folder or table has itself, with the contents of those that are cut."""
    left_out: tuple[str, ...] = ()
    listers: dict[str, Callable[[], ListedPhotos]]
    if is_table(data):
        listers = {split: partial(list_rows, Path(data), own, 1) for split, own in read_table(Path(data)).items()}
    else:
        layout = _layout(data)
        left_out = layout.left_out
        listers = {split: partial(list_folder, folder, 1) for split, folder in layout.folders.items()}

    def load(split: str) -> ListedPhotos:
        photos = listers[split]()
        to_cut = split == "train" and len(listers) < len(SPLITS)
        contents = file_contents(photos.folder, photos.ids) if to_cut else ()
        return replace(photos, contents=contents, left_out=(*left_out, *photos.left_out))

    return {split: partial(load, split) for split in listers}


def _joined(given: Mapping[str, Callable[[], LabelledImages]]) -> LabelledImages:
    """Return the images of all splits; their ids begin with the split where there are several."""
    if len(given) == 1:
        return next(iter(given.values()))()
    parts = {split: load() for split, load in given.items()}
    labels = sorted({label for images in parts.values() for label in images.labels})
    first, *others = (
        replace(images, ids=tuple(f"{split}/{name}" for name in images.ids), contents=images.names()).relabelled(labels)
        for split, images in parts.items()
    )
    for other in others:
        first = first.joined(other)
    return first


def _cut(
    data: str,
    given: Mapping[str, Callable[[], Photos]],
    val_fraction: float,
    val_seed: int,
    rule: str,
) -> dict[str, Photos]:
    """Return "train" and the splits cut from it because they aren't `given`."""
    if "train" not in given and is_table(data):
        raise DataError(f"{data}: no row of the split train, only of {', '.join(given)}")
    if "train" not in given:
        layout = _layout(data)
        there = ", ".join(f"{folder.name}/" for folder in layout.folders.values())
        beside = f" ({'; '.join(layout.left_out[:2])})" if layout.left_out else ""
        raise DataError(f"{data}: no folder train/ in it, only {there}{beside}; {EXPECTED}")
    whole = given["train"]()
    missing = [split for split in ("test", "val") if split not in given]
    by_content = rule != POSITION and bool(whole.contents) and not is_whole_cifar(whole)
    if by_content and missing and rule != CONTENT and isinstance(whole, LabelledImages):
        whole = whole.grouped(rule)
    _check_counts(data, whole, missing)
    parts = {"train": whole}
    for i, split in enumerate(missing, 1):
        train, test = parts["train"], split == "test"
        if by_content:
            fraction, salt = (TEST_FRACTION, _test_salt()) if test else (val_fraction, _val_salt(val_seed))
            kept, held_out = cut_by_content(train.together(), train.targets, fraction, salt, 1 + len(missing) - i)
        else:
            shares = (TEST_FRACTION, TEST_SEED) if test else (val_fraction, val_seed)
            kept, held_out = stratified_split(train.targets, *shares)
        parts |= {"train": train.take(kept), split: train.take(held_out)}
    return parts


def _test_salt() -> str:
    return f"test {TEST_SEED}"


def _val_salt(seed: int) -> str:
    return f"val {seed}"


def _check_counts(data: str, images: LabelledImages | ListedPhotos, missing: Sequence[str]) -> None:
    """Raise DataError when a class has too few photos to be trained on and held out for each `missing` split."""
    together, names = np.array(images.together()), np.array(images.names())
    least = len(missing) + 1
    for target, label in enumerate(images.labels):
        own = names[images.targets == target]
        count = len(np.unique(together[images.targets == target]))  # copies of a photo stay together
        if count < least:
            grouped = count < len(np.unique(own))  # which only names can do to so few
            one, several = ("group of photos", "groups of photos") if grouped else ("photo", "photos")
            photos = f"a single {one}" if count == 1 else f"{count} {several}"
            copies = "" if count == len(own) else f" ({len(own)} {'in all' if grouped else 'with their copies'})"
            splits = " and a ".join({"val": "validation"}.get(split, split) for split in missing)
            more = f"let --split-by find {least} groups in it" if grouped else f"add photos ({least} at least)"
            raise DataError(
                f"{data}: class {label!r} has {photos}{copies}, too few to cut a {splits} split from; {more} or remove "
                "the class"
            )
