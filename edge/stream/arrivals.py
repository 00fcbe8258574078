"""What arrives in a folder: each version of each file, once."""

import os
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..photos.left_out import LeftOut
from ..results.resume_index import name_hash
from ..results.rows import written
from .find_photos import search

NONBLOCK = getattr(os, "O_NONBLOCK", 0)
PIECE = 1 << 20  # bytes of a file read at a time
LOOK = 10_000  # new files that one look takes in; the others wait for the next
MEMORY = 100_000  # files that are remembered when they have gone, since they may come back with their folder


class Arrival(NamedTuple):
    """A version of a file, which has been as it is for `seconds` at least."""

    path: str
    size: int  # bytes
    mtime_ns: int  # of its last change, in nanoseconds since 1970
    seconds: float
    stamp: tuple[int, int]  # inode and time of its last change of any kind
    version: int = 1  # how many of this path there were, this one included

    @property
    def name(self) -> str:
        """What tells this version from all others."""
        return version_name(written(self.path), self.size, self.mtime_ns)


def version_name(path: str, size: int, mtime_ns: int) -> str:
    """Return what tells a version of a file from all others, by the path as results hold it."""
    return f"{path}\0{size}\0{mtime_ns}"


class _Reported(NamedTuple):
    """What is remembered of a version, to tell it from another of the same size and time."""

    stamp: tuple[int, int]
    checksum: int | None  # of the content; None of what an earlier run reported


class Arrivals:
    """A folder that is looked into again and again; takes about 500 bytes for each file that is in it."""

    def __init__(
        self,
        folder: str,
        recursive: bool,
        glob: str | None,
        reported: Iterable[int],
        own: Iterable[Path] = (),
        clock: Callable[[], float] = time.monotonic,
    ):
        """Begin with the versions known already, `reported`: their `name_hash`es, oldest first.

        `own` are a file and folders that we write to ourselves, which are no arrivals. `clock` gives seconds.
        """
        self._folder, self._recursive, self._glob = folder, recursive, glob
        self._reported: dict[int, _Reported | None] = dict.fromkeys(reported)  # in order
        self._versions: dict[int, int] = {}  # how many of each path were reported, by its hash
        self._since: dict[int, float] = {}  # when the others were first seen, by the clock
        self._own = tuple(own)
        self._own_files: set[tuple[int, int]] = set()  # by device and inode, also those that were moved away since
        self._own_folders: tuple[str, ...] = ()
        self._clock = clock

    def look(self) -> tuple[list[Arrival], list[str]]:
        """Return the files that were not reported yet, and a message for each folder that can't be listed."""
        now = self._clock()
        self._find_own()
        left_out = LeftOut()
        present = set()
        since: dict[int, float] = {}
        arrivals, troubles = [], []
        for path, error in search(self._folder, self._recursive, self._glob, left_out):
            if error:
                troubles.append(str(error))
                continue
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:  # gone again, or a link to nothing
                continue
            if self._is_own(path, status):
                continue
            key = name_hash(version_name(written(path), status.st_size, status.st_mtime_ns))
            stamp = status.st_ino, status.st_ctime_ns
            if key in self._reported and self._is_same(key, path, stamp):
                present.add(key)
            elif len(since) < LOOK:
                since[key] = self._since.get(key, now)
                version = self._versions.get(name_hash(path), 0) + 1
                arrivals.append(Arrival(path, status.st_size, status.st_mtime_ns, now - since[key], stamp, version))
        self._since = since
        if not troubles:
            self._forget(present)
        if left_out:
            troubles.append(f"{self._folder}: left out: {', '.join(sorted(left_out))}")
        return arrivals, troubles

    def report(self, arrival: Arrival) -> None:
        """Never return this version again."""
        self._reported[name_hash(arrival.name)] = _Reported(arrival.stamp, _checksum(arrival.path, arrival.stamp))
        self._versions[name_hash(arrival.path)] = arrival.version

    def _is_same(self, key: int, path: str, stamp: tuple[int, int]) -> bool:
        """Return whether a reported version is still there: a new stamp may come of a new name or a backup as well."""
        known = self._reported[key]
        if known is None:
            self._reported[key] = _Reported(stamp, None)
        elif known.stamp != stamp:
            checksum = _checksum(path, stamp)
            if known.checksum not in (None, checksum):
                return False
            self._reported[key] = _Reported(stamp, checksum)
        return True

    def _find_own(self) -> None:
        """Learn what we write to that lies in the folder."""
        here = os.path.realpath(self._folder)
        self._own_folders = ()
        for path in self._own:
            with suppress(OSError):  # not there now
                status = path.stat()
                self._own_files.add((status.st_dev, status.st_ino))
                if path.is_dir() and (inside := Path(os.path.realpath(path))).is_relative_to(here):
                    self._own_folders += (os.path.join(self._folder, inside.relative_to(here), ""),)  # noqa: PTH118

    def _is_own(self, path: str, status: os.stat_result) -> bool:
        return (status.st_dev, status.st_ino) in self._own_files or path.startswith(self._own_folders)

    def _forget(self, present: set[int]) -> None:
        gone = (key for key in self._reported if key not in present)
        for key in list(islice(gone, max(0, len(self._reported) - len(present) - MEMORY))):
            del self._reported[key]


def _checksum(path: str, stamp: tuple[int, int]) -> int:
    """Return the CRC-32 of a file's content, -1 when it can't be read or is another than that of `stamp` by now."""
    checksum = 0
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | NONBLOCK), "rb") as file:  # a pipe is not waited for
            while piece := file.read(PIECE):
                checksum = zlib.crc32(piece, checksum)
            status = os.fstat(file.fileno())
    except OSError:
        return -1
    return checksum if (status.st_ino, status.st_ctime_ns) == stamp else -1
