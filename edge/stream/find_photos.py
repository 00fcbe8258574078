"""The photos of folders, found as they are needed: millions of names are never in memory together."""

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeAlias

from ..errors import PhotoError
from ..photos.folder_walk import FolderEntry, is_linked_folder, walk
from ..photos.left_out import LINK, LeftOut, is_searched, photo_kind
from ..photos.suffixes import named_like_photo

BLOCK = 100_000  # names that are sorted together

Choice: TypeAlias = Callable[[FolderEntry], bool | None]
"""Whether an entry of a folder is a subfolder to search, or None if it is left out."""


class Entry(NamedTuple):
    """A path to classify; or a folder that can't be searched, and why."""

    path: str
    error: PhotoError | None = None


def find_photos(
    arguments: Iterable[str | None], recursive: bool = False, glob: str | None = None, left_out: LeftOut | None = None
) -> Iterator[Entry | None]:
    """Yield the photos that `arguments` name, in order: those of a folder, and every other argument as it is.

    A folder's photos are the files whose name matches `glob`, by default those named like photos; hidden ones are
    left out. `recursive` searches subfolders too, but no links to folders, which may lead round in a circle, and none
    that systems lay beside photos. Names come sorted; in a folder of more than `BLOCK` they are sorted so many at a
    time, as the system lists them. A folder that holds no photo or can't be listed is an entry with an error.

    In `left_out` the links are counted, and the photos of kinds that can't be read, unless a `glob` says what is
    wanted. None, for which see `read_list`, is passed on.
    """
    where = "it or its subfolders" if recursive else "it; --recursive searches its subfolders too"
    for argument in arguments:
        if argument is None:
            yield None
            continue
        if not os.path.isdir(argument):  # noqa: PTH112, a Path costs as much as a decode
            yield Entry(argument)
            continue
        own = LeftOut()
        found = search(argument, recursive, glob, own)
        first = next(found, None)
        aside = f" (left out: {own})" if own else ""
        yield first or Entry(argument, PhotoError(f"{argument}: a folder without photos in {where}{aside}"))
        yield from found
        if left_out is not None:
            left_out.update(own)


def search(
    folder: str, recursive: bool = False, glob: str | None = None, left_out: LeftOut | None = None
) -> Iterator[Entry]:
    """Yield the photos of a folder, as `find_photos` does, and the folders that can't be listed."""
    take = choice(recursive, glob, LeftOut() if left_out is None else left_out)
    yield from walk(Entry(folder), partial(_listing, take))


def choice(recursive: bool, glob: str | None, left_out: LeftOut) -> Choice:
    """Return what decides on each entry of a folder, and counts in `left_out` as `find_photos` does."""
    return partial(_take, partial(fnmatch, pat=glob) if glob else named_like_photo, not glob, recursive, left_out)


def _take(
    matches: Callable[[str], bool], by_kind: bool, recursive: bool, left_out: LeftOut, file: FolderEntry
) -> bool | None:
    """Return whether an entry of a folder is a subfolder to search, or None if it is left out."""
    if recursive and file.is_dir(follow_symlinks=False):
        return True if is_searched(file.name) else None
    if recursive and is_linked_folder(file):
        left_out[LINK] += 1
        return None
    if matches(file.name):
        return False
    if by_kind and (kind := photo_kind(file.name)):
        left_out[kind] += 1
    return None


def _listing(take: Choice, place: Entry) -> Iterator[tuple[Entry, bool]]:
    """Yield what of a folder matters, sorted by blocks, and whether it is a subfolder to search."""
    folder = place.path
    try:
        with os.scandir(folder) as files:  # closes itself with its last entry, so that deep trees need few descriptors
            visible = ((file.name, take(file)) for file in files if file.name[0] != ".")
            relevant = ((name, is_folder) for name, is_folder in visible if is_folder is not None)
            while block := sorted(islice(relevant, BLOCK)):
                for name, is_folder in block:
                    yield Entry(os.path.join(folder, name)), is_folder  # noqa: PTH118
    except OSError as error:
        yield Entry(folder, PhotoError(f"{folder}: {error.strerror or error}")), False
