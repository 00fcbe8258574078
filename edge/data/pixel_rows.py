"""Pixels of many photos, of which those that are asked for are read from a file: more than fit into memory.

Rows are read by their place in the file, not through a map of it: mapped pages would count as this process's memory,
and a file that is cut short under a map, or a disk that fails, ends a process (SIGBUS) where a read raises an error.
What the system has in its cache is copied once either way.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO, TypeAlias
from weakref import finalize

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ..photos.contract import Pixels
from ..stats.classification import Indices

HASH = 16  # bytes
CHUNK = 2**23  # bytes of pixels that are held at once where all are gone through

Hashes: TypeAlias = npt.NDArray[np.uint8]
"""uint8 (N, HASH): a BLAKE2b hash of the red, green and blue of each image."""


class RowFile:
    """Images in an open file, red, green and blue, one behind the other, each checked by its hash when first read.

    `path` is where the file lies, None for one without a name. Threads may share it.
    """

    def __init__(self, file: BinaryIO, offset: int, size: int, hashes: Hashes, path: Path | None):
        self.size = size
        self.hashes = hashes
        self._file, self._offset, self._path = file, offset, path
        finalize(self, file.close)
        self._sound = np.zeros(len(hashes), dtype=np.bool_)
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.hashes)

    def read(self, rows: Indices) -> Pixels:
        """Return uint8 (rows, size, size, 3).

        Raises DataError, and removes the file where it can, when it is damaged; the next start decodes photos again.
        """
        rgb = np.empty((len(rows), self.size, self.size, 3), dtype=np.uint8)
        for i, row in enumerate(rows.tolist()):
            if not self._read_into(rgb[i], row):
                raise DataError(self._damaged())
        return rgb

    def _damaged(self) -> str:
        """Remove the file, or another start would read it; return what to say."""
        if self._path is None:
            return "the temporary file of decoded photos: damaged on the disk; the next start decodes them again"
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            return f"{self._path}: damaged on the disk, and can't be removed ({error.strerror}); delete it"
        return f"{self._path}: damaged on the disk, and removed; the next start decodes the photos again"

    def _read_into(self, image: Pixels, row: int) -> bool:
        """Fill `image` with a row; return whether it is what was written."""
        try:
            with self._lock:
                self._file.seek(self._offset + row * image.nbytes)
                whole = self._file.readinto(image.data) == image.nbytes  # type: ignore[attr-defined]
        except OSError:
            return False
        if not self._sound[row]:
            self._sound[row] = whole and image_hash(image) == self.hashes[row].tobytes()
        return whole and bool(self._sound[row])


@dataclass(frozen=True, eq=False)
class PixelRows:
    """Images that are read when they are asked for, by index: uint8 RGBX, as if they were an array (N, S, S, 4).

    `rows`, int64 (N,), counts through all `sources` one after the other: files, or arrays (n, S, S, 4) in memory.
    """

    sources: tuple[RowFile | Pixels, ...]
    rows: Indices

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, S, S, 4)."""
        first = self.sources[0]
        size = first.size if isinstance(first, RowFile) else first.shape[1]
        return len(self.rows), size, size, 4

    def __getitem__(self, key: int | slice | Indices) -> Pixels:
        """Return uint8 (S, S, 4) of one image, (n, S, S, 4) of several. Raises DataError when a file is damaged."""
        if isinstance(key, int | np.integer):
            [image] = with_x(self.rgb(np.array([key])))
            return np.asarray(image)
        return with_x(self.rgb(key))

    def __iter__(self) -> Iterator[Pixels]:
        return (self[i] for i in range(len(self)))

    def rgb(self, key: slice | Indices) -> Pixels:
        """Return uint8 (n, S, S, 3) of the images at `key`. Raises DataError when a file is damaged."""
        rows = self.rows[key]
        if len(self.sources) == 1:
            return _read(self.sources[0], rows)
        pixels = np.empty((len(rows), *self.shape[1:3], 3), dtype=np.uint8)
        for source, here, own in self._by_source(rows):
            pixels[here] = _read(source, own)
        return pixels

    def hashes(self) -> Hashes:
        """Return the hash of each image; of those in files, as they were written."""
        found = np.empty((len(self), HASH), dtype=np.uint8)
        for source, here, own in self._by_source(self.rows):
            found[here] = source.hashes[own] if isinstance(source, RowFile) else _hashes(source[own])
        return found

    def _by_source(self, rows: Indices) -> Iterator[tuple[RowFile | Pixels, Indices, Indices]]:
        """Yield each source that is needed, the places of its rows among `rows`, and these rows as it counts them."""
        start = 0
        for source in self.sources:
            here = np.flatnonzero((rows >= start) & (rows < start + len(source)))
            if len(here):
                yield source, here, rows[here] - start
            start += len(source)


Images: TypeAlias = Pixels | PixelRows
"""uint8 (N, S, S, 4) RGBX: in memory, or read when asked for. Go through them by `chunks`, or by batches."""


def taken(images: Images, indices: Indices) -> Images:
    """Return the images at `indices`, in that order; those in files stay there."""
    if isinstance(images, PixelRows):
        return PixelRows(images.sources, images.rows[indices])
    return images[indices]


def joined(one: Images, other: Images) -> Images:
    """Return the images of both, one after the other."""
    if not isinstance(one, PixelRows) and not isinstance(other, PixelRows):
        return np.concatenate([one, other])
    parts = [part if isinstance(part, PixelRows) else PixelRows((part,), np.arange(len(part))) for part in (one, other)]
    shift = sum(map(len, parts[0].sources))
    return PixelRows(parts[0].sources + parts[1].sources, np.concatenate([parts[0].rows, parts[1].rows + shift]))


def chunks(images: Images) -> Iterator[Pixels]:
    """Yield all images, uint8 (n, S, S, 4), some at a time."""
    count = max(1, CHUNK // (4 * images.shape[1] * images.shape[2]))
    return (images[start : start + count] for start in range(0, len(images), count))


def image_hashes(images: Images) -> Hashes:
    """Return what tells images apart, whatever holds them."""
    if isinstance(images, PixelRows):
        return images.hashes()
    return np.concatenate([np.empty((0, HASH), np.uint8), *map(_hashes, chunks(images))])


def image_hash(rgb: Pixels) -> bytes:
    """Return the hash of one image, uint8 (S, S, 3), C-contiguous."""
    return hashlib.blake2b(rgb.data, digest_size=HASH).digest()


def with_x(rgb: Pixels) -> Pixels:
    """Return uint8 (..., 3) RGB as (..., 4) RGBX, X = 255."""
    rgbx = np.empty((*rgb.shape[:-1], 4), dtype=np.uint8)
    rgbx[..., :3], rgbx[..., 3] = rgb, 255
    return rgbx


def _read(source: RowFile | Pixels, rows: Indices) -> Pixels:
    return source.read(rows) if isinstance(source, RowFile) else source[rows][..., :3]


def _hashes(images: Pixels) -> Hashes:
    rgb = np.ascontiguousarray(images[..., :3])
    found = np.frombuffer(b"".join(map(image_hash, rgb)), dtype=np.uint8)
    return found.reshape(len(images), HASH)
