"""The photos of a training, as its run folder lists them: what a net has seen, whatever becomes of their folder."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError
from ..files.atomic_write import write_text
from .labelled_images import LabelledImages

PHOTOS = "photos.jsonl"
SEEN = "seen"  # in the split's place: not of this training, but of one whose net it started or learned from


class Listed(NamedTuple):
    """A photo: its split ("train", "val", "test" or `SEEN`), class, id and content, as `LabelledImages` has them."""

    split: str
    label: str
    id: str
    content: str


def list_photos(splits: Mapping[str, LabelledImages]) -> list[Listed]:
    """Return the photos of `splits`, in order."""
    return [
        Listed(split, images.labels[target], name, content)
        for split, images in splits.items()
        for target, name, content in zip(images.targets, images.ids, images.names(), strict=True)
    ]


def write_photo_list(folder: Path, photos: Iterable[Listed]) -> None:
    """Write the list into a folder, a JSON array a line, in the place of an earlier one. Raises EdgeCifarError."""
    earlier = read_photo_list(folder)  # raises, if it is anything else
    write_text(folder / PHOTOS, "".join(json.dumps(photo) + "\n" for photo in photos), replace_any=bool(earlier))


def read_photo_list(folder: Path) -> list[Listed]:
    """Return the list in a run folder; empty if it keeps none. Raises DataError when it is damaged."""
    path = folder / PHOTOS
    try:
        photos = [Listed(*json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
        if not all(isinstance(value, str) for photo in photos for value in photo):
            raise ValueError("not all of it is text")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path}: not a list of photos ({error}); remove it, or train again") from error
    return photos


def learned_from(photos: Iterable[Listed]) -> frozenset[str]:
    """Return the contents of the photos that a net has learned from, itself or through nets before it."""
    return frozenset(photo.content for photo in photos if photo.split in ("train", SEEN))
