"""A file of decoded photos: an .npz that is not compressed, written as photos are decoded and read where rows lie."""

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from ..photos.contract import Pixels
from .pixel_rows import HASH, Images, PixelRows, RowFile, image_hash

Readable: TypeAlias = npt.NDArray[np.bool_]
Decoded: TypeAlias = tuple[Images, Readable]
"""The photos that could be read, in order, (N, S, S, 4); bool (files,): which of the files these are."""
Chunk: TypeAlias = tuple[Pixels, Readable]
"""Some photos, uint8 (n, S, S, 3), zeros where one could not be read; bool (n,): which could."""

IMAGES, READABLE, HASHES = "images", "readable", "hashes"  # arrays in the file
LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip (APPNOTE 4.3.7): lengths of the name and of the extra field


def write_decoded(file: BinaryIO, count: int, size: int, chunks: Iterable[Chunk]) -> None:
    """Write `count` photos of `size` pixels, as they come. Raises OSError, of a full disk for one."""
    readable: list[Readable] = []
    hashes: list[bytes] = []
    with zipfile.ZipFile(file, "w") as archive:
        with archive.open(f"{IMAGES}.npy", "w", force_zip64=True) as images:
            shape = (count, size, size, 3)
            np.lib.format.write_array_header_1_0(images, {"descr": "|u1", "fortran_order": False, "shape": shape})
            for rgb, good in chunks:
                images.write(rgb.data)
                readable.append(good)
                hashes += map(image_hash, rgb)
        for name, array in (
            (READABLE, np.concatenate(readable)),
            (HASHES, np.frombuffer(b"".join(hashes), np.uint8).reshape(count, HASH)),
        ):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def open_decoded(file: BinaryIO, size: int, path: Path | None) -> Decoded:
    """Return the photos in an open, unbuffered file, which is kept open; `path` is its name, if it has one.

    Their pixels are not read yet. Raises whatever zipfile and numpy raise where the file is none of `write_decoded`.
    """
    with zipfile.ZipFile(file) as archive:
        readable, hashes = (_array(archive, name) for name in (READABLE, HASHES))
        with archive.open(f"{IMAGES}.npy") as images:
            np.lib.format.read_magic(images)
            shape, by_column, kind = np.lib.format.read_array_header_1_0(images)
            header = images.tell()
        start = archive.getinfo(f"{IMAGES}.npy").header_offset
        end = archive.start_dir
    if (
        by_column
        or kind != np.uint8
        or shape != (len(readable), size, size, 3)
        or hashes.shape != (len(readable), HASH)
    ):
        raise ValueError("not decoded photos")
    file.seek(start)
    offset = start + header + 30 + sum(LOCAL_HEADER.unpack(file.read(30)))
    if offset + len(readable) * size * size * 3 > end:
        raise ValueError("cut short")
    rows = RowFile(file, offset, size, hashes, path)
    return PixelRows((rows,), np.flatnonzero(readable)), readable.astype(np.bool_)


def _array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[np.uint8]:
    with archive.open(f"{name}.npy") as member:
        found: npt.NDArray[np.uint8] = np.lib.format.read_array(member, allow_pickle=False)
    return found
