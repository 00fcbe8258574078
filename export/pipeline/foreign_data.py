"""Photos for somebody else's net: what it is calibrated on, what decides the budget, and what nothing has touched.

Which photos these are is settled by their names and contents, so that of many only the wanted ones are decoded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from ...edge.data.class_folder import class_folders, class_photos
from ...edge.data.content_hashes import file_contents
from ...edge.data.datasets import LOADERS, list_splits, load_splits, stratified_sample
from ...edge.data.image_folder import read_listed
from ...edge.data.labelled_images import LabelledImages
from ...edge.data.listed_photos import ListedPhotos
from ...edge.data.pixel_rows import image_hashes
from ...edge.errors import DataError
from ...edge.model.contract import Logits
from ...edge.photos.preprocessing import Preprocessing
from ...edge.photos.suffixes import named_like_photo
from ...edge.splits.split_rules import CONTENT, share
from ...edge.stats.classification import Indices

FEWEST = 5  # different photos in each split
VALIDATION: Mapping[str, Any] = {"fraction": 0.25, "seed": 0, "rule": CONTENT}
"""How validation is cut, as model cards say it: as many photos as the test split, a fifth of all, since none train."""
SHOWN = 5  # lines on photos that were left out


@dataclass(frozen=True)
class Splits:
    """Photos with the model's labels: to calibrate on, to decide on, and to measure on once.

    Where they are not `labelled`, their targets are 0 until `answered` fills them in. `remarks` are on what was left
    out.
    """

    train: LabelledImages
    val: LabelledImages
    test: LabelledImages
    labelled: bool
    remarks: tuple[str, ...] = ()
    val_files: tuple[Path, ...] = ()  # of the photos to decide on, where they are files

    def answered(self, answer: Callable[[LabelledImages], Logits]) -> "Splits":
        """Return the same with a model's answers as targets; `answer` returns its logits (N, classes) of images.

        Accuracy on them is agreement with that model.
        """

        def filled(part: LabelledImages) -> LabelledImages:
            return replace(part, targets=answer(part).argmax(axis=1))

        return replace(self, train=filled(self.train), val=filled(self.val), test=filled(self.test))


def load_foreign_data(
    data: str,
    labels: Sequence[str],
    to: Preprocessing,
    *,
    calibration: int,
    most: int,
    seed: int,
    unlabelled: bool,
) -> Splits:
    """Return `calibration` photos drawn with `seed`, evenly over classes, and at most `most` to validate and to test.

    `data` is a dataset as for training whose classes are among `labels`, what it lacks cut by `VALIDATION`, so that
    `edge-cifar evaluate` finds the same test split; or, where `unlabelled`, a folder with photos in and below it, dealt
    out in three equal parts. Raises DataError when it can't be used, knows a class that the model does not, or has too
    few photos or only copies of one; and for too small a `calibration`.
    """
    if calibration < FEWEST:
        raise DataError(f"{calibration} photos to calibrate on, {FEWEST} at least are needed; raise --calibration-size")
    if unlabelled:
        listed = _dealt_out(data, calibration, most)
    elif data in LOADERS:
        return _known_by_name(data, labels, to, calibration, most, seed)
    else:
        listed = _listed(data)
        for photos in listed.values():
            _require_known(data, photos.labels, labels)
    chosen = {split: photos.take(_draw(split, photos, calibration, most, seed)) for split, photos in listed.items()}
    parts = {split: read_listed(photos, to) for split, photos in chosen.items()}
    unreadable = [message for part in parts.values() for message in part.unreadable]
    left_out = dict.fromkeys(line for part in parts.values() for line in part.left_out)
    splits = _checked(data, parts, labels, not unlabelled, [*unreadable, *left_out])
    return replace(splits, val_files=tuple(chosen["val"].folder / name for name in parts["val"].ids))


def is_plain(data: str) -> bool:
    """Return whether `data` is a folder with photos in it and no folder of a class."""
    folder = Path(data)
    if not data.strip() or not folder.is_dir() or class_folders(folder):
        return False
    return any(named_like_photo(path.name) for path in folder.iterdir())


def _listed(data: str) -> dict[str, ListedPhotos]:
    try:
        return list_splits(data, val_fraction=VALIDATION["fraction"], val_seed=VALIDATION["seed"])
    except DataError as error:
        if Path(data).is_dir():
            raise DataError(f"{error}; --unlabelled takes all photos in the folder without labels") from error
        raise


def _known_by_name(
    data: str, labels: Sequence[str], to: Preprocessing, calibration: int, most: int, seed: int
) -> Splits:
    """Return photos of a dataset that is known by name, which is read whole."""
    whole = load_splits(data, to, val_fraction=VALIDATION["fraction"], val_seed=VALIDATION["seed"])
    _require_known(data, whole["train"].labels, labels)
    parts = {split: images.take(_draw(split, images, calibration, most, seed)) for split, images in whole.items()}
    return _checked(data, parts, labels, True, [])


def _dealt_out(data: str, calibration: int, most: int) -> dict[str, ListedPhotos]:
    """Return photos in and below a folder as three splits that share no content; no more are hashed than are needed."""
    folder = Path(data)
    if not data.strip() or not folder.is_dir():
        raise DataError(f"{data or 'no name'}: no such folder; --unlabelled takes a folder of photos")
    root = folder.resolve()
    names, aside = class_photos(root.parent, root.name)
    if not names:
        but = f" (but {aside})" if aside else ""
        raise DataError(f"{data}: no photos in it or its subfolders{but}")
    left_out = (f"{data}: {aside}",) if aside else ()
    found = ListedPhotos(root.parent, tuple(names), np.zeros(len(names), np.int64), ("",), left_out)
    found = found.take(_by_share(found, "photo")[: 2 * (calibration + 2 * most)])  # some may be copies or unreadable
    found = replace(found, contents=file_contents(found.folder, found.ids))
    _, first = np.unique(np.array(found.contents), return_index=True)
    found = found.take(np.sort(first))
    turns = dict(zip(("val", "test", "train"), np.array_split(_by_share(found, "split"), 3), strict=True))
    return {split: found.take(np.sort(turns[split])) for split in ("train", "val", "test")}


def _draw(split: str, photos: ListedPhotos | LabelledImages, calibration: int, most: int, seed: int) -> Indices:
    """Return which photos of a split are taken, sorted: to calibrate on by `seed`, else always the same."""
    if split == "train":
        return stratified_sample(photos.targets, calibration, seed)
    return np.sort(_by_share(photos, split)[:most])


def _by_share(photos: ListedPhotos | LabelledImages, salt: str) -> Indices:
    """Return all indices, in an order that each photo's own name or content decides."""
    order: Indices = np.argsort([share(name, salt) for name in photos.names()], kind="stable").astype(np.int64)
    return order


def _require_known(data: str, found: Sequence[str], labels: Sequence[str]) -> None:
    """Raise DataError for a class that the model does not have, naming the label that is most like it."""
    known = set(labels)
    unknown = next((label for label in found if label not in known), None)
    if unknown is not None:
        like = get_close_matches(unknown, labels, 1)
        hint = f", but {like[0]!r}" if like else ""
        raise DataError(
            f"{data}: {unknown!r} is none of the model's {len(labels):,} labels{hint}; rename the class as the model "
            "does, or take the photos without labels (--unlabelled)"
        )


def _checked(
    data: str, parts: Mapping[str, LabelledImages], labels: Sequence[str], labelled: bool, left_out: Sequence[str]
) -> Splits:
    """Return the splits by the model's labels. Raises DataError when one says nothing."""
    for split, words in (("train", "calibrate on"), ("val", "decide on"), ("test", "test on")):
        n, different = len(parts[split]), len({row.tobytes() for row in image_hashes(parts[split].images)})
        if n > 1 and different == 1:
            raise DataError(f"{data}: its {n} photos to {words} are all alike; take photos such as the net will see")
        if different < FEWEST:
            raise DataError(
                f"{data}: {different} different photos to {words}, {FEWEST} at least are needed; add photos"
            )
    remarks = [f"left out: {line}" for line in left_out[:SHOWN]]
    remarks += [f"left out: {len(left_out) - SHOWN:,} more"] if len(left_out) > SHOWN else []

    def named(images: LabelledImages) -> LabelledImages:
        return images.relabelled(labels) if labelled else replace(images, labels=tuple(labels))

    return Splits(named(parts["train"]), named(parts["val"]), named(parts["test"]), labelled, tuple(remarks))
