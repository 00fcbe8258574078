"""The photos of folders and lists, found as they are needed: millions of names are never in memory together."""

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import partial
from itertools import islice
from typing import NamedTuple

from .errors import DataError, PhotoError
from .suffixes import named_like_photo

BLOCK = 100_000  # names that are sorted together
READ = 1 << 16  # bytes of a list read at a time

Wanted = Callable[[str], bool]


class Entry(NamedTuple):
    """A path to classify; or a folder that can't be searched, and why."""

    path: str
    error: PhotoError | None = None


def find_photos(arguments: Iterable[str], recursive: bool = False, glob: str | None = None) -> Iterator[Entry]:
    """Yield the photos that `arguments` name, in order: those of a folder, and every other argument as it is.

    A folder's photos are the files whose name matches `glob`, by default those named like photos; hidden ones are
    left out. `recursive` searches subfolders too, but no links to folders, which may lead round in a circle. Names
    come sorted; in a folder of more than `BLOCK` they are sorted so many at a time, as the system lists them.
    A folder that holds no photo or can't be listed is an entry with an error.
    """
    where = "it or its subfolders" if recursive else "it; --recursive searches its subfolders too"
    for argument in arguments:
        if not os.path.isdir(argument):  # noqa: PTH112, a Path costs as much as a decode
            yield Entry(argument)
            continue
        found = search(argument, recursive, glob)
        yield next(found, None) or Entry(argument, PhotoError(f"{argument}: a folder without photos in {where}"))
        yield from found


def search(folder: str, recursive: bool = False, glob: str | None = None) -> Iterator[Entry]:
    """Yield the photos of a folder, as `find_photos` does, and the folders that can't be listed."""
    wanted = partial(fnmatch, pat=glob) if glob else named_like_photo
    levels = [_listing(folder, wanted, recursive)]  # from `folder` down to the one that is being read
    while levels:
        for entry, is_folder in levels[-1]:
            if is_folder:
                levels.append(_listing(entry.path, wanted, recursive))
                break
            yield entry
        else:
            levels.pop()


def read_list(path: str) -> Iterator[str]:
    """Yield the paths in the file `path`, or on stdin if that is "-".

    They stand one a line, or end in a NUL byte each, as `find -print0` writes them. Raises DataError.
    """
    try:
        with open(0 if path == "-" else path, "rb", buffering=0, closefd=path != "-") as file:
            rest, separator = b"", b""
            while data := file.read(READ):
                separator = separator or (b"\0" if b"\0" in data else b"\n")
                *whole, rest = (rest + data).split(separator)
                yield from map(os.fsdecode, filter(None, whole))
            if rest:
                yield os.fsdecode(rest)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; expected a list of photos") from error


def _listing(folder: str, wanted: Wanted, recursive: bool) -> Iterator[tuple[Entry, bool]]:
    """Yield what of `folder` matters, sorted by blocks, and whether it is a subfolder to search."""
    try:
        with os.scandir(folder) as files:  # closes itself with its last entry, so that deep trees need few descriptors
            visible = (file for file in files if file.name[0] != ".")
            kinds = ((file.name, recursive and file.is_dir(follow_symlinks=False)) for file in visible)
            relevant = ((name, is_folder) for name, is_folder in kinds if is_folder or wanted(name))
            while block := sorted(islice(relevant, BLOCK)):
                for name, is_folder in block:
                    yield Entry(os.path.join(folder, name)), is_folder  # noqa: PTH118
    except OSError as error:
        yield Entry(folder, PhotoError(f"{folder}: {error.strerror or error}")), False
