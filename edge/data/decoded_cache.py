"""Decoded photos, kept in the user's cache folder so that a dataset is decoded once and not at every start.

An entry is found by a hash over the name, size, times and inode of every file, as git's index knows what has
changed: reading all bytes instead would cost seconds a start, and more the larger the photos are. The checksums of
the zip format find a damaged entry. Nothing here ever raises: without a cache a start is slower, that is all.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import PIL
from PIL import features

from ..errors import EdgeCifarError
from ..files.atomic_write import cache_folder, write_file
from ..photos.contract import Pixels

Readable: TypeAlias = npt.NDArray[np.bool_]
Decoded: TypeAlias = tuple[Pixels, Readable]
"""uint8 (N, size, size, 4): the photos that could be read, in order; bool (files,): which of the files these are."""

DECIDES = ("contract", "source", "decode", "formats", "limits", "memory_budget", "repair", "pixels", "preprocessing")
"""Modules of `photos` that decide which pixels a photo has, or whether it can be read."""

# A codec of another release may decode to other pixels.
CODECS = ("jpg", "libjpeg_turbo", "zlib", "zlib_ng", "webp", "avif", "libtiff")

LIMIT = 4 << 30  # bytes of all entries; the ones unused for longest go first
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
    arrays = load_arrays(key, "images", "readable")
    if arrays is None:
        return None
    images, readable = arrays
    return (images, readable) if images.shape == (readable.sum(), size, size, 4) else None


def store_decoded(key: str | None, decoded: Decoded) -> None:
    """Store `decoded` under `key`, unless it is too large for the disk or nothing can be written."""
    store_arrays(key, images=decoded[0], readable=decoded[1])


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
        entries = _entries()
        entries.mkdir(mode=0o700, parents=True, exist_ok=True)  # photos may be private
        if sum(array.nbytes for array in arrays.values()) > min(LIMIT, shutil.disk_usage(entries).free / 2):
            return
        write_file(
            entries / f"{key}.npz",
            lambda file: np.savez(file, **arrays),  # type: ignore[arg-type]
            replace_any=True,
        )
        _evict(entries)
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


def _evict(entries: Path) -> None:
    """Remove the files of `entries` that were unused for longest until the rest is within `LIMIT`."""
    files = sorted(((path.stat(), path) for path in entries.iterdir()), key=lambda found: -found[0].st_mtime_ns)
    total = 0
    for status, path in files:
        total += status.st_size
        if total > LIMIT:
            path.unlink(missing_ok=True)
