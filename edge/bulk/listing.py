"""Which photos a run is about: listed once and kept with the results, so that whoever goes on has the same."""

import io
import os
import random
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError
from ..photos.folder_walk import walk
from ..photos.left_out import LeftOut
from ..photos.suffixes import named_like_photo
from ..stream.find_photos import Choice, choice, find_photos
from .store import OutputFolder, is_url, naming_errors, open_store

LIST = 10_000  # photos of a list: one file
SCHEMA = pa.schema([("path", pa.binary()), ("size", pa.int64()), ("error", pa.string())])


class Listed(NamedTuple):
    """A photo to classify; or a folder that can't be searched, and why."""

    path: str
    size: int | None = None  # bytes, as a store says
    error: str | None = None


def list_photos(
    arguments: Iterable[str | None], recursive: bool = False, glob: str | None = None, left_out: LeftOut | None = None
) -> Iterator[Listed]:
    """Yield the photos that `arguments` name as `find_photos` does, those of stores by URL; a folder's worth in memory.

    Raises DataError for a store that can't be listed or holds no photo.
    """
    for argument in arguments:
        if argument is not None and is_url(argument):
            yield from _in_store(argument, recursive, glob, LeftOut() if left_out is None else left_out)
        else:
            found = find_photos([argument], recursive, glob, left_out)
            yield from (Listed(path, None, str(error) if error else None) for path, error in filter(None, found))


def chosen(
    listed: Iterable[Listed], limit: int | None, sample: int | None
) -> tuple[Iterator[Listed], Callable[[], int]]:
    """Return the first `limit`, or `sample` drawn at random, always the same; and how many were drawn from, when read.

    Each set of `sample` is as likely as any other (algorithm R, Vitter 1985); they come in their order.
    """
    seen = 0

    def counted() -> Iterator[Listed]:
        nonlocal seen
        for each in islice(listed, limit):
            seen += 1
            yield each

    return (counted() if sample is None else _drawn(counted(), sample)), lambda: seen


def _drawn(listed: Iterable[Listed], sample: int) -> Iterator[Listed]:
    draw = random.Random(0)
    kept: list[tuple[int, Listed]] = []
    for place, each in enumerate(listed):
        if place < sample:
            kept.append((place, each))
        elif (other := draw.randrange(place + 1)) < sample:
            kept[other] = place, each
    yield from (each for _, each in sorted(kept))


def write_lists(folder: OutputFolder, lists: str, listed: Iterable[Listed]) -> int:
    """Write the photos into `lists`, a folder in `folder`, `LIST` a file; return how many there are.

    Raises DataError if none is a photo, with what is wrong with the first; nothing is written then.
    """
    photos, waiting = iter(listed), []
    for each in photos:
        waiting.append(each)
        if each.error is None:
            break
    else:
        raise DataError(waiting[0].error if waiting and waiting[0].error else "no photos; name some, or a folder")
    count = number = 0
    while block := waiting[:LIST] + list(islice(photos, max(0, LIST - len(waiting)))):
        waiting = waiting[LIST:]
        columns = [
            [os.fsencode(path) for path, _, _ in block],
            [size for _, size, _ in block],
            [e for _, _, e in block],
        ]
        content = io.BytesIO()
        pq.write_table(pa.table(columns, schema=SCHEMA), content, compression="zstd")
        folder.write(f"{lists}/{number:06}.parquet", content.getvalue())
        count += len(block)
        number += 1
    return count


def read_listed(folder: OutputFolder, lists: str, start: int, stop: int) -> list[Listed]:
    """Return the photos from number `start` to `stop`, which are in one list. Raises DataError."""
    name = f"{lists}/{start // LIST:06}.parquet"
    content = folder.read(name)
    try:
        table = pq.read_table(io.BytesIO(content), schema=SCHEMA).slice(start % LIST, stop - start)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{folder.url}/{name}: a damaged list of photos; begin anew in another folder") from error
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [Listed(os.fsdecode(path), size, error) for path, size, error in rows]


class _StoreEntry:
    """What a store says of a file or folder, as a folder's entries tell it."""

    def __init__(self, info: dict[str, Any]):
        self.path: str = info["name"].rstrip("/")
        name = self.path.rpartition("/")[2]
        self.name = unquote(name) if self.path.startswith(("http://", "https://")) else name
        self.size: int | None = info.get("size")
        self._is_folder: bool = info["type"] == "directory"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002
        """Return whether it is a folder."""
        return self._is_folder

    def is_symlink(self) -> bool:
        """Return False: stores have no links."""
        return False


def _in_store(url: str, recursive: bool, glob: str | None, left_out: LeftOut) -> Iterator[Listed]:
    if (name := url.rpartition("/")[2]) and named_like_photo(name):  # not looked up: a list may have millions
        yield Listed(url)
        return
    store, path = open_store(url)
    with naming_errors(url):
        if not url.endswith("/"):
            info = store.info(path)
            if info["type"] != "directory" and info.get("mimetype") != "text/html":  # an index page is a folder
                yield Listed(url, info.get("size"))
                return
        take = choice(recursive, glob, left_out)
        found = walk(Listed(path), partial(_listing, store, take))
        first = next(found, None)
        if first is None:
            aside = f" (left out: {left_out})" if left_out else ""
            where = "or its subfolders" if recursive else "itself; --recursive searches its subfolders too"
            raise DataError(f"{url}: no photos in it {where}{aside}")
        yield first
        yield from found


def _listing(store: Any, take: Choice, place: Listed) -> Iterator[tuple[Listed, bool]]:
    """Yield what of a store's folder matters, sorted, and whether it is a folder to search."""
    infos = store.ls(place.path, detail=True)
    entries = [_StoreEntry(info) for info in infos if info["name"].rstrip("/") != place.path.rstrip("/")]
    del infos
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.name and entry.name[0] != "." and (is_folder := take(entry)) is not None:
            yield Listed(entry.path if is_folder else store.unstrip_protocol(entry.path), entry.size), is_folder
