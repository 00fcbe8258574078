"""Going through a folder and all that lies below it, in the order that its parts are listed in."""

import os
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

Place = TypeVar("Place")


class FolderEntry(Protocol):
    """What lies in a folder: an `os.DirEntry`, or what a store says in its place."""

    @property
    def name(self) -> str:
        """Its name in the folder."""

    @property
    def path(self) -> str:
        """Its whole path."""

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a folder."""

    def is_symlink(self) -> bool:
        """Return whether it is a link."""


def walk(top: Place, listing: Callable[[Place], Iterator[tuple[Place, bool]]]) -> Iterator[Place]:
    """Yield what `listing` yields of the folder `top` and, where it says that this is a folder to enter, of that.

    A folder is left in the midst for one in it, so that little is in memory, however many files and levels there are.
    """
    levels = [listing(top)]  # from `top` down to the one that is being read
    while levels:
        for place, is_folder in levels[-1]:
            if is_folder:
                levels.append(listing(place))
                break
            yield place
        else:
            levels.pop()


def is_linked_folder(entry: FolderEntry) -> bool:
    """Return whether an entry is a link to a folder: none is followed, since it may lead round in a circle."""
    return entry.is_symlink() and is_folder(entry)


def is_folder(entry: FolderEntry) -> bool:
    """Return whether an entry is a folder or a link to one; a link to itself is none, where `DirEntry.is_dir` fails."""
    return os.path.isdir(entry.path)  # noqa: PTH112, a Path costs as much as a decode
