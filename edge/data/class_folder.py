"""Class folders and the photos in them, and what else lies there: counted by kind, or known as this program's own."""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..errors import DataError, printable
from ..files.own_mark import is_own_picture
from ..photos.folder_walk import is_folder, is_linked_folder, walk
from ..photos.left_out import HIDDEN, LINK, LeftOut, file_kind, is_searched, photo_kind
from ..photos.suffixes import named_like_photo

LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", "icon\r"})
"""Files that systems leave in every folder, in lower case: not worth a word."""
OWN_FILES = frozenset({".edge-cifar-demo", "study.db"})  # in folders that demo and tune fill
RUN_CONFIG, RUN_KEYS = "config.json", {"recipe", "data", "versions"}  # of a run, and what stands in it
OWN, DRAWN, MODELS = "made by edge-cifar", "drawn by edge-cifar", ".onnx"  # kinds of what is left out
NO_FILE = "no regular file"  # a pipe, a socket or a device: reading one waits for its writer, and takes what comes
KINDS_SHOWN = 5


def class_folders(folder: Path) -> list[str]:
    """Return the names of the folders in `folder`, sorted, without hidden ones and those that systems make.

    A link is left out when it leads back to `folder` or around it. Raises DataError when `folder` can't be listed.
    """
    folders = [entry for entry in _entries(folder) if is_folder(entry) and is_searched(entry.name)]
    around = os.path.realpath(folder) + os.sep
    return [
        entry.name
        for entry in folders
        if not (entry.is_symlink() and around.startswith(os.path.realpath(entry.path) + os.sep))
    ]


def class_photos(folder: Path, label: str) -> tuple[list[str], LeftOut]:
    """Return `label/<name>` of every photo in and below the class folder, sorted, and what is left out, by kind.

    Links to folders are not followed, and runs and the like, which this program made, not searched, nor are pictures
    that it drew photos. Raises DataError when a folder can't be listed.
    """
    left_out = LeftOut()
    return list(_photos(folder, label, left_out)), left_out


def is_own(photos: list[str], left_out: LeftOut) -> bool:
    """Return whether what `class_photos` found is the output of this program, and no class."""
    return not photos and any(left_out[kind] for kind in (OWN, DRAWN, MODELS))


def has_photos(folder: Path) -> bool:
    """Return whether there is a photo in or below `folder`. Raises DataError when a folder can't be listed."""
    return next(_photos(folder.parent, folder.name, LeftOut()), None) is not None


def shortened(left_out: LeftOut) -> LeftOut:
    """Return the same with the rarest kinds counted as one, if there are more than `KINDS_SHOWN`."""
    kinds = left_out.most_common()
    if len(kinds) > KINDS_SHOWN:
        kinds[KINDS_SHOWN - 1 :] = [("of other kinds", sum(count for _, count in kinds[KINDS_SHOWN - 1 :]))]
    return LeftOut(dict(kinds))


def photos_beside(folder: Path) -> list[str]:
    """Return a line on the photos that lie in `folder` itself, in no class; none if there are none."""
    names = [entry.name for entry in _entries(folder) if not is_folder(entry)]
    count = sum(named_like_photo(name) or photo_kind(name) is not None for name in names)
    return [f"{folder}: {count} photos in no class folder"] if count else []


def _photos(folder: Path, label: str, left_out: LeftOut) -> Iterator[str]:
    """Yield the photos in `folder/label` and in the folders in it, sorted; count what is passed over."""
    return walk(label, partial(_listing, folder, left_out))


def _listing(folder: Path, left_out: LeftOut, below: str) -> Iterator[tuple[str, bool]]:
    """Yield the names, below `folder`, of the photos and the subfolders of `folder/below`; and which they are."""
    entries = _entries(folder / below)
    if _is_made_by_us(folder / below, {entry.name for entry in entries}):
        left_out[OWN] += 1
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if is_searched(entry.name):
                yield f"{below}/{entry.name}", True
            elif entry.name[0] == ".":
                left_out[HIDDEN] += 1
        elif is_linked_folder(entry):
            left_out[LINK] += 1
        elif _is_no_file(entry):
            left_out[NO_FILE] += 1
        elif named_like_photo(entry.name) and is_own_picture(Path(entry.path)):
            left_out[DRAWN] += 1
        elif named_like_photo(entry.name):
            yield f"{below}/{entry.name}", False
        elif entry.name.lower() not in LITTER and not entry.name.startswith("._"):
            left_out[printable(file_kind(entry.name))] += 1


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror or error}") from error


def _is_no_file(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry, or what it links to, is there but no regular file."""
    if entry.is_file(follow_symlinks=False):
        return False
    return os.path.exists(entry.path) and not os.path.isfile(entry.path)  # noqa: PTH110, PTH113, a Path costs more


def _is_made_by_us(folder: Path, names: set[str]) -> bool:
    """Return whether a folder that holds `names` is a run, a study or a demo of this program."""
    if names & OWN_FILES:
        return True
    if RUN_CONFIG not in names:
        return False
    try:
        return set(json.loads((folder / RUN_CONFIG).read_bytes())) >= RUN_KEYS
    except (OSError, ValueError, TypeError, RecursionError):
        return False
