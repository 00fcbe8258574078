"""Decoded photos, kept in the user's cache folder so that a dataset is decoded once and not at every start.

An entry is found by a hash over the name, size, times and inode of every file, as git's index knows what has
changed: reading all bytes instead would cost seconds a start, and more the larger the photos are. A damaged entry is
found when it is read: of a small one that is at the start, of a large one each image is checked when it is first
used. Without a cache a start is slower, that is all: where the disk has no room, photos are decoded into a temporary
file, and where there is none either, into memory.
"""

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import PIL
from PIL import features

from ..errors import DataError, EdgeCifarError
from ..files.atomic_write import TEMPORARY, cache_folder, temporary_beside, write_file
from ..machine.description import this_machine
from .decoded_file import Chunk, Decoded, open_decoded, write_decoded
from .pixel_rows import PixelRows, with_x

DECIDES = ("contract", "source", "decode", "formats", "limits", "memory_budget", "repair", "pixels", "preprocessing")
"""Modules of `photos` that decide which pixels a photo has, or whether it can be read."""

# A codec of another release may decode to other pixels.
CODECS = ("jpg", "libjpeg_turbo", "zlib", "zlib_ng", "webp", "avif", "libtiff")

IN_MEMORY = 1 << 28  # bytes of images (N, S, S, 4) that are held in memory; more are read when they are asked for
LIMIT = 16 << 30  # bytes of all entries; the ones unused for longest go first. 50,000 photos at 224 pixels are 7.5e9
RESERVE = 1 << 30  # bytes that are left free on the disk
ABANDONED = 3600  # seconds; a temporary file that nobody has written to for so long is of a process that was killed
SETTLED = 2.0  # seconds; a younger change could be followed by another that no file system's clock tells apart


def cache_key(folder: Path, names: Sequence[str], purpose: str) -> str | None:
    """Return what names the files `names` below `folder` as they are now, read for one `purpose`.

    None when nothing shall be kept: one changed a moment ago, or it can't be told how they are decoded.
    """
    try:
        digest, newest = hashlib.sha256(_decoder()), 0
    except OSError:  # installed without its sources
        return None
    digest.update(purpose.encode())
    for name in names:
        try:
            status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118, half the time of Path.stat
        except OSError as error:
            known: tuple[object, ...] = (error.errno,)
        else:
            known = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            newest = max(newest, status.st_ctime_ns)
        digest.update(b"%s\0%s\0" % (os.fsencode(name), repr(known).encode()))
    return digest.hexdigest() if newest < time.time_ns() - SETTLED * 1e9 else None


def load_decoded(key: str | None, size: int) -> Decoded | None:
    """Return what was stored under `key`, or None when there is nothing, or nothing sound."""
    if key is None:
        return None
    with suppress(Exception):  # a damaged zip raises a dozen different errors
        path = _entries() / f"{key}.npz"
        file = path.open("rb", buffering=0)
        try:
            images, readable = open_decoded(file, size, path)
            os.utime(path)  # used just now
            if 4 * images.shape[0] * size**2 > IN_MEMORY:
                return images, readable
            held = images[:]
        except BaseException:
            file.close()
            raise
        file.close()
        return held, readable
    return None


def decode_once(
    key: str | None, count: int, size: int, decode: Callable[[], Iterator[Chunk]], unchanged: Callable[[], bool]
) -> tuple[Decoded, tuple[str, ...]]:
    """Decode `count` photos, store them under `key` where there is room, and return them, with what a user should know.

    `decode` yields them from the first one on; they are not stored if it is no longer true that they are `unchanged`
    when all are decoded. Raises DataError when there is room nowhere.
    """
    if 4 * count * size**2 <= IN_MEMORY:
        parts = list(decode())
        if key is not None and unchanged():
            with suppress(OSError, EdgeCifarError, RuntimeError):  # RuntimeError: there is no home folder
                _make_room(_entries(), 3 * count * size**2)
                write_file(
                    _entries() / f"{key}.npz", lambda file: write_decoded(file, count, size, parts), replace_any=True
                )
        readable = np.concatenate([good for _, good in parts])
        return (np.concatenate([with_x(rgb[good]) for rgb, good in parts]), readable), ()
    needed, reasons = 3 * count * size**2, []
    with suppress(RuntimeError):
        try:
            return _decode_into(_entries(), key, count, size, decode, unchanged), ()
        except OSError as error:
            reasons.append(f"{_entries()}: {error.strerror or error}")
    words = f"{count:,} photos at {size} pixels take {needed / 1e9:.1f} GB decoded"
    with suppress(OSError):
        decoded = _decode_into(Path(tempfile.gettempdir()), None, count, size, decode, unchanged)
        return decoded, (
            f"{words}, in a temporary file, so that the next start decodes them again ({'; '.join(reasons)})",
        )
    free = this_machine().available_bytes
    try:
        if free and 4 * count * size**2 > free:
            raise MemoryError
        decoded = _decode_in_memory(count, size, decode)
    except MemoryError as error:
        raise DataError(
            f"{words}, more than is free on the disk ({'; '.join(reasons)}) or in memory; choose a smaller --size"
        ) from error
    return decoded, (f"{words}, in memory, so that the next start decodes them again ({'; '.join(reasons)})",)


def load_arrays(key: str | None, *names: str) -> list[Any] | None:
    """Return the arrays stored under `key` by these names, or None when there is nothing, or nothing sound."""
    if key is None:
        return None
    try:
        path = _entries() / f"{key}.npz"
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = [arrays[name] for name in names]
        os.utime(path)  # used just now
    except Exception:  # a damaged zip raises a dozen different errors
        return None
    return found


def store_arrays(key: str | None, **arrays: npt.NDArray[Any]) -> None:
    """Store arrays under `key`, unless they are too large for the disk or nothing can be written."""
    if key is None:
        return
    try:
        _make_room(_entries(), sum(array.nbytes for array in arrays.values()))
        write_file(
            _entries() / f"{key}.npz",
            lambda file: np.savez(file, **arrays),  # type: ignore[arg-type]
            replace_any=True,
        )
    except (OSError, EdgeCifarError, RuntimeError):  # RuntimeError: there is no home folder
        return


def _entries() -> Path:
    return cache_folder() / "photos"


def _decoder() -> bytes:
    """Return all that decides what a photo decodes to: the sources of the photo contract, Pillow and its codecs."""
    folder = Path(__file__).parents[1] / "photos"
    sources = b"".join((folder / f"{module}.py").read_bytes() for module in DECIDES)
    codecs = {name: features.version(name) for name in CODECS if features.check(name)}
    return sources + repr((PIL.__version__, codecs)).encode()


def _decode_into(
    folder: Path,
    key: str | None,
    count: int,
    size: int,
    decode: Callable[[], Iterator[Chunk]],
    unchanged: Callable[[], bool],
) -> Decoded:
    """Decode photos into a file of `folder`: by the name of `key` if it may stay, else without a name.

    Raises OSError where that can't be written, or leaves too little free.
    """
    _make_room(folder, 3 * count * size**2)
    temporary = temporary_beside(folder / "entry")
    try:
        with temporary.open("xb") as file:
            write_decoded(file, count, size, decode())
        path = folder / f"{key}.npz" if key is not None and unchanged() else None
        if path is not None:
            try:
                temporary.replace(path)
            except OSError:  # another thing lies there
                path = None
        reading: BinaryIO = (path or temporary).open("rb", buffering=0)
        return open_decoded(reading, size, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _decode_in_memory(count: int, size: int, decode: Callable[[], Iterator[Chunk]]) -> Decoded:
    images = np.empty((count, size, size, 4), dtype=np.uint8)
    readable = np.zeros(count, dtype=np.bool_)
    start = 0
    for rgb, good in decode():
        part = slice(start, start + len(rgb))
        images[part], readable[part] = with_x(rgb), good
        start += len(rgb)
    return PixelRows((images,), np.flatnonzero(readable)), readable


def _make_room(folder: Path, needed: int) -> None:
    """Make the folder, and room for `needed` bytes in it; of the cache, entries unused for longest give way.

    Raises OSError when there can't be that much room.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # photos may be private
    own = folder == _entries()
    found = [(path.stat(), path) for path in folder.iterdir()] if own else []
    files = sorted(found, key=lambda entry: entry[0].st_mtime_ns)
    total, free = sum(status.st_size for status, _ in files), shutil.disk_usage(folder).free - RESERVE
    if needed > (LIMIT if own else needed) or needed > free + total:
        raise OSError(
            errno.ENOSPC, f"{(max(free, 0) + total) / 1e9:.1f} GB free, of which it may have {LIMIT / 1e9:.0f}"
        )
    for status, path in files:
        abandoned = TEMPORARY.fullmatch(path.name) and time.time() - status.st_mtime > ABANDONED
        if abandoned or total + needed > LIMIT or needed > free:
            path.unlink(missing_ok=True)
            total, free = total - status.st_size, free + status.st_size
