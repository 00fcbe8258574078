"""Labelled photos of a folder, `folder/<class>/*`, read through the photo contract, decoded only once."""

import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..errors import DataError, PhotoError
from ..machine.cores import usable_cores
from ..photos.contract import FORMATS, Pixels, read_photo
from ..photos.preprocessing import Preprocessing
from .class_folder import class_folders, class_photos, is_own, shortened
from .decoded_cache import Decoded, Readable, cache_key, load_decoded, store_decoded
from .labelled_images import LabelledImages
from .listed_photos import ListedPhotos


def load_folder(folder: Path, to: int | Preprocessing, least: int = 2) -> LabelledImages:
    """Return the photos in and below `folder/<class>/`, at the pixels that `to` says, classes and files sorted.

    Photos that can't be read are left out and reported in `unreadable`, other files in `left_out`. Raises DataError
    when there are fewer than `least` classes, a class has no readable photo, or names can't be used.
    """
    images = read_listed(list_folder(folder, least), to)
    for label, count in zip(images.labels, images.counts(), strict=True):
        if count == 0:
            _, aside = class_photos(folder, label)
            but = f" (but {shortened(aside)})" if aside else ""
            raise DataError(
                f"{folder / label}: no readable photo in this class folder{but}; add some ({', '.join(FORMATS)}), "
                "or remove it"
            )
    return images


def list_folder(folder: Path, least: int) -> ListedPhotos:
    """Return the photos that `load_folder` reads, none of them read yet. Raises DataError as it does for names."""
    found = {label: class_photos(folder, label) for label in class_folders(folder)}
    own = [label for label, what in found.items() if is_own(*what)]
    labels = [label for label in found if label not in own]
    _check_labels(folder, labels, least)
    names = [name for label in labels for name in found[label][0]]
    index = {label: i for i, label in enumerate(labels)}
    targets = np.array([index[name.split("/", 1)[0]] for name in names], dtype=np.int64)
    left_out = [f"{folder / label}: {shortened(found[label][1])}" for label in labels if found[label][1]]
    left_out += [f"{folder / label}: made by edge-cifar, no class" for label in own]
    return ListedPhotos(folder, tuple(names), targets, tuple(labels), tuple(left_out))


def read_listed(listed: ListedPhotos, to: int | Preprocessing) -> LabelledImages:
    """Return photos at the pixels that `to` says, their `contents` if known.

    Those that can't be read are left out and reported in `unreadable`, from the cache as at first.
    """
    (images, readable), unreadable = _read_photos(listed.folder, listed.ids, Preprocessing.of(to))
    kept = listed if readable.all() else listed.take(np.flatnonzero(readable))
    return LabelledImages(images, kept.targets, kept.labels, kept.ids, unreadable, kept.left_out, kept.contents)


def _check_labels(folder: Path, labels: Sequence[str], least: int) -> None:
    """Raise DataError when there are too few labels, or some that can't be printed or told apart."""
    if len(labels) < least:
        needed = "a classifier needs at least two" if least > 1 else "there must be one at least"
        raise DataError(f"{folder}: {len(labels)} class folders; {needed}, each with the photos of a class")
    alike: dict[str, str] = {}
    for label in labels:
        if not label.isprintable():
            raise DataError(f"{folder / label}: a class name that can't be printed; rename the folder")
        other = alike.setdefault(unicodedata.normalize("NFC", label).casefold(), label)
        if other != label:
            raise DataError(
                f"{folder}: the class names {other!r} and {label!r} are too much alike; rename or join them"
            )


def _read_photos(folder: Path, names: Sequence[str], wanted: Preprocessing) -> tuple[Decoded, tuple[str, ...]]:
    """Return the photos, from the cache where they are there, and a message for each that can't be read."""
    key = cache_key(folder, names, f"{wanted.size} {wanted.rule}")
    stored = load_decoded(key, wanted.size)
    if stored:
        left_out = [name for name, good in zip(names, stored[1], strict=True) if not good]
        _, again, messages = _decode(folder, left_out, wanted)  # it may have been the disk, or too little memory
        if not again.any():
            return stored, messages
    images, readable, messages = _decode(folder, names, wanted)
    decoded = images if readable.all() else images[readable], readable
    if cache_key(folder, names, f"{wanted.size} {wanted.rule}") == key:  # nothing changed in the meantime
        store_decoded(key, decoded)
    return decoded, messages


def _decode(folder: Path, names: Sequence[str], wanted: Preprocessing) -> tuple[Pixels, Readable, tuple[str, ...]]:
    """Return uint8 (names, size, size, 4), which of them could be read, and what the others' errors say."""
    try:
        images = np.empty((len(names), wanted.size, wanted.size, 4), dtype=np.uint8)
    except MemoryError as error:
        raise DataError(
            f"{folder}: {len(names)} photos at {wanted.size} pixels ({error}); choose a smaller --size"
        ) from error

    def read(i: int) -> str:
        try:
            images[i] = read_photo(folder / names[i], wanted)
        except PhotoError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(usable_cores()) as pool:
        messages = list(pool.map(read, range(len(names))))
    readable = np.array([not message for message in messages], dtype=np.bool_)
    return images, readable, tuple(message for message in messages if message)
