"""Class folders and the photos in them, and what of their files is left out, told by kind and number."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .errors import DataError, printable
from .suffixes import NOT_READ, named_like_photo, suffix

NOISE = {"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found", "__pycache__"}
"""Folders that systems and network storage make, in lower case."""
LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
"""Files that systems leave in folders of photos, in lower case."""
OWN_FILES = {".edge-cifar-demo", "study.db", "export.json"}  # in folders that the commands of this project fill
RUN_CONFIG, RUN_KEYS = "config.json", {"recipe", "data", "versions"}  # of a run, and what stands in it
PHOTO, OWN, HIDDEN = "photo", "made by edge-cifar", "hidden"  # kinds of what lies in a folder
LINKED = "linked folders, which are not followed"
THUMBNAILS = {".thumbnails", ".@__thumb"}
MODEL_SUFFIX = ".onnx"
KINDS_SHOWN = 5


def class_folders(folder: Path) -> list[str]:
    """Return the names of the folders in `folder`, sorted, without hidden ones and those that systems make.

    A link is left out when it leads back to `folder` or around it. Raises DataError when `folder` can't be listed.
    """
    folders = [entry for entry in _entries(folder) if entry.is_dir() and not _is_noise(entry.name)]
    around = os.path.realpath(folder) + os.sep
    return [
        entry.name
        for entry in folders
        if not (entry.is_symlink() and around.startswith(os.path.realpath(entry.path) + os.sep))
    ]


def class_photos(folder: Path, label: str) -> tuple[list[str], Counter[str]]:
    """Return `label/<name>` of every photo in and below the class folder, sorted, and what is left out, by kind.

    Folders that this project's commands filled are left out, too. Raises DataError when a folder can't be listed.
    """
    left_out: Counter[str] = Counter()
    return list(_photos(folder, label, left_out)), left_out


def is_own(found: tuple[list[str], Counter[str]]) -> bool:
    """Return whether what `class_photos` found is the output of this project, and no class."""
    photos, left_out = found
    return not photos and (left_out[OWN] > 0 or left_out[MODEL_SUFFIX] > 0)


def has_photos(folder: Path) -> bool:
    """Return whether there is a photo in or below `folder`. Raises DataError when a folder can't be listed."""
    return next(_photos(folder.parent, folder.name, Counter()), None) is not None


def left_out_line(folder: Path, left_out: Counter[str]) -> str:
    """Return what is left out of `folder`, by kind and number."""
    kinds = left_out.most_common()
    if len(kinds) > KINDS_SHOWN:
        kinds[KINDS_SHOWN - 1 :] = [("of other kinds", sum(count for _, count in kinds[KINDS_SHOWN - 1 :]))]
    return f"{folder}: " + ", ".join(f"{count} {kind}" for kind, count in kinds)


def photos_beside(folder: Path) -> list[str]:
    """Return a line on the photos that lie in `folder` itself, in no class; none if there are none."""
    kinds = Counter(_kind(entry.name) for entry in _entries(folder) if not entry.is_dir())
    photos = kinds[PHOTO] + sum(kinds[kind] for kind in set(NOT_READ.values()))
    return [f"{folder}: {photos} photos in no class folder"] if photos else []


def _photos(folder: Path, label: str, left_out: Counter[str]) -> Iterator[str]:
    """Yield the photos in `folder/label` and in the folders in it, sorted; count what is passed over."""
    levels = [_listing(folder, label, left_out)]  # from the class down to the folder that is being read
    while levels:
        for below, entry in levels[-1]:
            if entry.is_dir(follow_symlinks=False):
                levels.append(_listing(folder, below, left_out))
                break
            yield below
        else:
            levels.pop()


def _listing(folder: Path, below: str, left_out: Counter[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the photos and the folders to search of `folder/below`, with their names below `folder`."""
    entries = _entries(folder / below)
    if _is_filled_by_us(folder / below, {entry.name for entry in entries}):
        left_out[OWN] += 1
        return
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        kind = HIDDEN if is_folder and entry.name[0] == "." else "" if is_folder else _kind(entry.name)
        if entry.is_symlink() and entry.is_dir():
            kind = LINKED
        if (is_folder and not _is_noise(entry.name)) or kind == PHOTO:
            yield f"{below}/{entry.name}", entry
        elif kind and not (is_folder and entry.name in THUMBNAILS):
            left_out[kind] += 1


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror or error}") from error


def _is_noise(name: str) -> bool:
    return name[0] == "." or name.lower() in NOISE


def _is_filled_by_us(folder: Path, names: set[str]) -> bool:
    """Return whether a folder that holds `names` is a run, a study or a demo of this project."""
    if names & OWN_FILES:
        return True
    if RUN_CONFIG not in names:
        return False
    try:
        return set(json.loads((folder / RUN_CONFIG).read_bytes())) >= RUN_KEYS
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _kind(name: str) -> str:
    """Return what a file is counted as when it is left out, `PHOTO` if it isn't, "" if it goes without saying."""
    if name.lower() in LITTER or name.startswith(("._", ".DS_Store")):
        return ""
    if name[0] == ".":
        return HIDDEN
    if named_like_photo(name):
        return PHOTO
    return NOT_READ.get(suffix(name)) or printable(suffix(name)) or "without a suffix"
