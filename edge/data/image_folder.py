"""Labelled photos of a folder, `folder/<class>/*`, read through the photo contract, decoded only once."""

import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import DataError, PhotoError
from ..machine.cores import usable_cores
from ..photos.contract import FORMATS, Pixels, read_photo
from ..photos.preprocessing import Preprocessing
from .class_folder import class_folders, class_photos, is_own, shortened
from .decoded_cache import cache_key, decode_once, load_decoded
from .decoded_file import Chunk, Decoded
from .labelled_images import LabelledImages
from .listed_photos import ListedPhotos

CHUNK = 1 << 25  # bytes of pixels that are decoded before they are written


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
    (images, readable), unreadable, remarks = _read_photos(listed.folder, listed.ids, Preprocessing.of(to))
    kept = listed if readable.all() else listed.take(np.flatnonzero(readable))
    return LabelledImages(
        images, kept.targets, kept.labels, kept.ids, unreadable, kept.left_out, kept.contents, remarks=remarks
    )


def _check_labels(folder: Path, labels: Sequence[str], least: int) -> None:
    """Raise DataError when there are too few labels, or some that can't be printed or told apart."""
    if len(labels) < least:
        needed = "a classifier needs at least two" if least > 1 else "there must be one at least"
        raise DataError(
            f"{folder}: {len(labels)} class folder{'s' * (len(labels) != 1)}; {needed}, each with the photos of a class"
        )
    alike: dict[str, str] = {}
    for label in labels:
        if not label.isprintable():
            raise DataError(f"{folder / label}: a class name that can't be printed; rename the folder")
        other = alike.setdefault(unicodedata.normalize("NFC", label).casefold(), label)
        if other != label:
            raise DataError(
                f"{folder}: the class names {other!r} and {label!r} are too much alike; rename or join them"
            )


def _read_photos(
    folder: Path, names: Sequence[str], wanted: Preprocessing
) -> tuple[Decoded, tuple[str, ...], tuple[str, ...]]:
    """Return the photos, from the cache where they are there, a message for each that can't be read, and remarks."""
    name_key = partial(cache_key, folder, names, f"rgb {wanted.size} {wanted.rule}")
    key = name_key()
    messages: list[str] = []
    stored = load_decoded(key, wanted.size)
    if stored:
        left_out = [name for name, good in zip(names, stored[1], strict=True) if not good]
        again = [good.any() for _, good in _decode(folder, left_out, wanted, messages)]
        if not any(again):  # it was not the disk, or too little memory
            return stored, tuple(messages), ()
        messages.clear()
    decoded, remarks = decode_once(
        key,
        len(names),
        wanted.size,
        decode=lambda: _decode(folder, names, wanted, messages),
        unchanged=lambda: name_key() == key,
    )
    return decoded, tuple(messages), remarks


def _decode(folder: Path, names: Sequence[str], wanted: Preprocessing, messages: list[str]) -> Iterator[Chunk]:
    """Yield the photos as they are decoded, some at a time; `messages` become what the errors of the others say."""
    messages.clear()
    count = max(1, CHUNK // (3 * wanted.size**2))
    with ThreadPoolExecutor(usable_cores()) as pool:
        for start in range(0, len(names), count):
            some = names[start : start + count]
            pixels = np.zeros((len(some), wanted.size, wanted.size, 3), dtype=np.uint8)

            def read(i: int, some: Sequence[str] = some, pixels: Pixels = pixels) -> str:
                try:
                    pixels[i] = read_photo(folder / some[i], wanted)[..., :3]
                except PhotoError as error:
                    return str(error)
                return ""

            found = list(pool.map(read, range(len(some))))
            messages += filter(None, found)
            yield pixels, np.array([not message for message in found], dtype=np.bool_)
