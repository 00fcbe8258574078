"""Folders of labelled photos: `folder/<class>/*`, read through the photo contract, decoded only once."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from .cores import usable_cores
from .dataset_cache import Decoded, Readable, cache_key, load_decoded, store_decoded
from .errors import DataError, PhotoError
from .labelled import LabelledImages
from .photo import FORMATS, Pixels, read_photo
from .suffixes import named_like_photo


def load_folder(folder: Path, size: int) -> LabelledImages:
    """Return the photos in and below `folder/<class>/`, at `size` pixels square, classes and files in sorted order.

    Photos that can't be read are left out and reported in `unreadable`. Raises DataError when there are fewer
    than two classes, a class has no readable photo, or a name that can't be printed.
    """
    labels = class_folders(folder)
    if len(labels) < 2:
        raise DataError(
            f"{folder}: {len(labels)} class folders; a classifier needs at least two, each with the photos of a class"
        )
    for label in labels:
        if not label.isprintable():
            raise DataError(f"{folder / label}: a class name that can't be printed; rename the folder")
    names = [name for label in labels for name in _photo_names(folder, label)]
    (images, readable), unreadable = _read_photos(folder, names, size)
    ids = tuple(name for name, good in zip(names, readable, strict=True) if good)
    index = {label: i for i, label in enumerate(labels)}
    targets = np.array([index[name.split("/", 1)[0]] for name in ids], dtype=np.int64)
    for label, count in zip(labels, np.bincount(targets, minlength=len(labels)), strict=True):
        if count == 0:
            raise DataError(
                f"{folder / label}: no readable photo in this class folder; add some ({', '.join(FORMATS)}), "
                "or remove it"
            )
    return LabelledImages(images, targets, tuple(labels), ids, unreadable)


def class_folders(folder: Path) -> list[str]:
    """Return the names of the folders in `folder`, sorted, hidden ones left out."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != ".")


def _photo_names(folder: Path, below: str) -> Iterator[str]:
    """Yield `below/<name>` of every photo in `folder/below` and in the folders in it, sorted, hidden ones left out."""
    with os.scandir(folder / below) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name[0] != ".":
                yield from _photo_names(folder, f"{below}/{entry.name}")
        elif named_like_photo(entry.name):
            yield f"{below}/{entry.name}"


def _read_photos(folder: Path, names: Sequence[str], size: int) -> tuple[Decoded, tuple[str, ...]]:
    """Return the photos, from the cache where they are there, and a message for each that can't be read."""
    key = cache_key(folder, names, size)
    stored = load_decoded(key, size)
    if stored:
        left_out = [name for name, good in zip(names, stored[1], strict=True) if not good]
        _, again, messages = _decode(folder, left_out, size)  # it may have been the disk, or too little memory
        if not again.any():
            return stored, messages
    images, readable, messages = _decode(folder, names, size)
    decoded = images if readable.all() else images[readable], readable
    if cache_key(folder, names, size) == key:  # nothing changed in the meantime
        store_decoded(key, decoded)
    return decoded, messages


def _decode(folder: Path, names: Sequence[str], size: int) -> tuple[Pixels, Readable, tuple[str, ...]]:
    """Return uint8 (names, size, size, 4), which of them could be read, and what the others' errors say."""
    try:
        images = np.empty((len(names), size, size, 4), dtype=np.uint8)
    except MemoryError as error:
        raise DataError(f"{folder}: {len(names)} photos at {size} pixels ({error}); choose a smaller --size") from error

    def read(i: int) -> str:
        try:
            images[i] = read_photo(folder / names[i], size)
        except PhotoError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(usable_cores()) as pool:
        messages = list(pool.map(read, range(len(names))))
    readable = np.array([not message for message in messages], dtype=np.bool_)
    return images, readable, tuple(message for message in messages if message)
