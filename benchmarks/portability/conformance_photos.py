"""The photos that every CPU is shown, and how to tell later which they were."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...edge.data.datasets import split_files, split_folders
from ...edge.data.synthetic_shapes import LABELS, write_photos
from ...edge.files.atomic_write import file_sha256

JPEGS = len(LABELS)  # photos of ordinary size that are rendered in any case
PHOTO_SEED = 5  # rendered unlike the images of the synthetic dataset (seeds 0 and 1)


@dataclass(frozen=True)
class Photos:
    """A set of photos: `n` files, how they were chosen, and the SHA-256 of their files' SHA-256 (hex, in order)."""

    n: int
    chosen: str
    sha256: str


def choose_photos(folder: Path, data: str | None, count: int) -> list[Path]:
    """Return `count` photos: JPEGs rendered into `folder`, then images of `data`, as `images_of` orders them."""
    jpegs = write_photos(folder, per_label=1 if data else -(-count // JPEGS), seed=PHOTO_SEED)
    return [*jpegs, *(images_of(data) if data else [])][:count]


def images_of(data: str) -> list[Path]:
    """Return the test images of a dataset folder or table, all if it has no test split, one of each class in turn.

    Raises DataError.
    """
    splits = list(split_folders(data))
    turns = itertools.zip_longest(*split_files(data, "test" if "test" in splits else splits[0]))
    return [path for turn in turns for path in turn if path]


def describe_photos(photos: Sequence[Path], data: str | None) -> Photos:
    """Return what a report says of the photos that `choose_photos` chose."""
    rendered = min(JPEGS, len(photos)) if data else len(photos)
    chosen = f"{rendered} JPEGs rendered with seed {PHOTO_SEED}"
    if data:
        kind = "test images" if "test" in split_folders(data) else "images"
        chosen += f", then {len(photos) - rendered} {kind} of {Path(data).name}, one of each class in turn"
    return Photos(len(photos), chosen, hashlib.sha256("".join(map(file_sha256, photos)).encode()).hexdigest())
