"""What arrives in a folder: each version of each file, once."""

import os
import time
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from .done import name_hash
from .results import written
from .search import search

LOOK = 10_000  # new files that one look takes in; the others wait for the next
MEMORY = 100_000  # files that are remembered when they have gone, since they may come back with their folder


class Arrival(NamedTuple):
    """A version of a file, which has been as it is for `seconds` at least."""

    path: str
    size: int  # bytes
    mtime_ns: int  # of its last change, in nanoseconds since 1970
    seconds: float

    @property
    def name(self) -> str:
        """What tells this version from all others."""
        return version_name(written(self.path), self.size, self.mtime_ns)


def version_name(path: str, size: int, mtime_ns: int) -> str:
    """Return what tells a version of a file from all others, by the path as results hold it."""
    return f"{path}\0{size}\0{mtime_ns}"


class Arrivals:
    """A folder that is looked into again and again; takes about 100 bytes for each file that is in it."""

    def __init__(self, folder: str, recursive: bool, glob: str | None, reported: Iterable[int]):
        """Begin with the versions known already, `reported`: their `name_hash`es, oldest first."""
        self._folder, self._recursive, self._glob = folder, recursive, glob
        self._reported = dict.fromkeys(reported)  # a set in order
        self._since: dict[int, float] = {}  # when the others were first seen, in seconds of a monotonic clock

    def look(self) -> tuple[list[Arrival], list[str]]:
        """Return the files that were not reported yet, and a message for each folder that can't be listed."""
        now = time.monotonic()
        present = set()
        since: dict[int, float] = {}
        arrivals, troubles = [], []
        for path, error in search(self._folder, self._recursive, self._glob):
            if error:
                troubles.append(str(error))
                continue
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:  # gone again, or a link to nothing
                continue
            key = name_hash(version_name(written(path), status.st_size, status.st_mtime_ns))
            if key in self._reported:
                present.add(key)
            elif len(since) < LOOK:
                since[key] = self._since.get(key, now)
                arrivals.append(Arrival(path, status.st_size, status.st_mtime_ns, now - since[key]))
        self._since = since
        if not troubles:
            self._forget(present)
        return arrivals, troubles

    def report(self, arrival: Arrival) -> None:
        """Never return this version again."""
        self._reported[name_hash(arrival.name)] = None

    def _forget(self, present: set[int]) -> None:
        gone = (key for key in self._reported if key not in present)
        for key in list(islice(gone, max(0, len(self._reported) - len(present) - MEMORY))):
            del self._reported[key]
