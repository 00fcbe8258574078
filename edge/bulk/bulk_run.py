"""A run's folder: what the run is, its list of photos, its parts, and which of them are finished.

_run.json              what was asked for, written once the list is whole: without it nothing has begun
_lists-1f2e3d4c/       the photos, `LIST` a file
part-000012.parquet    results, of photos 12 x `part` and on
_done/000012.json      part 12 is whole: written after it, and so the manifest of finished parts
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import DataError, EdgeCifarError
from ..results.rows import Origin
from .listing import Listed, chosen, read_listed, write_lists
from .store import OutputFolder

RUN, DONE, LISTS = "_run.json", "_done", "_lists-"
PART_SIZES = (100, 1_000, 10_000)  # photos; each divides a list
MANY = 1_000  # parts: as many as keep a cluster busy to the end, and no more small files than that


@dataclass(frozen=True)
class Asked:
    """What decides on which rows a run has, and how they are written."""

    photos: tuple[str, ...]  # arguments
    files_from: str | None
    recursive: bool
    glob: str | None
    limit: int | None
    sample: int | None
    form: str  # suffix of the parts
    origin: Origin

    def difference(self, other: "Asked") -> str:
        """Return in words what `other` has that this has not; "" if nothing."""
        own, given = asdict(self), asdict(other)
        for name in [name for name in own if name != "origin" and own[name] != given[name]]:
            return f"made with {name.replace('_', ' ')} {_plain(given[name])}, now it is {_plain(own[name])}"
        return self.origin.difference(given["origin"])


def _plain(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else "none" if value is None else str(value)


@dataclass(frozen=True)
class PartDone:
    """What a finished part holds."""

    part: int
    errors: int
    bytes: int  # of the photos that could be opened
    labels: dict[str, int]  # how many photos have each

    @property
    def photos(self) -> int:
        """All of them."""
        return self.errors + sum(self.labels.values())


@dataclass(frozen=True)
class BulkRun:
    """A run that has begun."""

    folder: OutputFolder
    asked: Asked
    photos: int
    drawn_from: int  # as many as `photos`, unless a sample was asked for
    part: int  # photos of a part
    lists: str

    @property
    def parts(self) -> range:
        """The numbers of all parts."""
        return range(-(-self.photos // self.part))

    def listed(self, part: int) -> list[Listed]:
        """Return the photos of a part. Raises DataError."""
        start = part * self.part
        return read_listed(self.folder, self.lists, start, min(start + self.part, self.photos))

    def photos_of(self, parts: Iterable[int]) -> int:
        """Return how many photos some parts have."""
        return sum(min(self.part, self.photos - part * self.part) for part in parts)

    def write(self, done: PartDone, content: bytes) -> None:
        """Write a part, then that it is finished; done again it comes to the same. Raises EdgeCifarError."""
        self.folder.write(f"part-{done.part:06}{self.asked.form}", content)
        self.folder.write(f"{DONE}/{done.part:06}.json", json.dumps(asdict(done)).encode())

    def finished(self) -> set[int]:
        """Return the parts that are finished. Raises DataError."""
        return {int(name.partition(".")[0]) for name in self.folder.names(DONE) if name[:6].isdecimal()}

    def done(self) -> Iterator[PartDone]:
        """Yield what each finished part holds. Raises DataError."""
        names = [f"{DONE}/{part:06}.json" for part in sorted(self.finished())]
        for name, content in zip(names, self.folder.read_all(names), strict=True):
            try:
                yield PartDone(**json.loads(content))
            except (ValueError, TypeError) as error:
                raise DataError(f"{self.folder.url}/{name}: damaged; remove it, and --resume does its part") from error


def begin_run(folder: OutputFolder, asked: Asked, listed: Callable[[], Iterable[Listed]]) -> BulkRun:
    """List the photos and begin a run in a folder, which must be empty. Raises EdgeCifarError."""
    present = [name for name in folder.names() if not name.startswith(LISTS)]  # which a run left that was killed early
    if present:
        how = "--resume goes on with it, or name" if RUN in present else "holds other files; name"
        raise EdgeCifarError(f"{folder.url}: {'exists already; ' if RUN in present else ''}{how} another folder")
    lists = f"{LISTS}{os.urandom(4).hex()}"
    photos, seen = chosen(listed(), asked.limit, asked.sample)
    count = write_lists(folder, lists, photos)
    size = next((size for size in PART_SIZES if size * MANY >= count), PART_SIZES[-1])
    run = BulkRun(folder, asked, count, seen(), size, lists)
    values = vars(run) | {"asked": asdict(asked)}
    del values["folder"]
    if not folder.create(RUN, json.dumps(values, indent=2).encode()):
        raise EdgeCifarError(f"{folder.url}: another process has begun a run in it; --resume goes on with that")
    for name in folder.names():
        if name.startswith(LISTS) and name != lists:
            folder.remove(name)
    return run


def resume_run(folder: OutputFolder, asked: Asked) -> BulkRun | None:
    """Go on with the run in a folder; None if none has begun. Raises EdgeCifarError if it was asked for otherwise."""
    if RUN not in folder.names():
        return None
    try:
        values = json.loads(folder.read(RUN))
        given = values.pop("asked")
        before = Asked(**given | {"photos": tuple(given["photos"]), "origin": Origin(**given["origin"])})
        run = BulkRun(folder, before, **values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EdgeCifarError(f"{folder.url}/{RUN}: not of this version; name another folder") from error
    if difference := asked.difference(before):
        raise EdgeCifarError(f"{folder.url}: {difference}; go on with the same, or name another folder")
    return run
