"""What is no photo, or a damaged one: always a PhotoError that names it."""

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.synthetic_shapes import render
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo
from pictures import encode, png_chunk
from PIL import Image


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG that claims a size and holds no pixels."""

    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + png_chunk(b"IDAT", b"")
    )


def test_a_png_without_pixels_is_damaged() -> None:
    with pytest.raises(PhotoError, match="damaged"):
        read_photo(png_header(30, 30), 8)


def test_float_pixels_are_refused() -> None:
    photo = encode(Image.fromarray(np.zeros((2, 2), np.float32)), "TIFF")
    with pytest.raises(PhotoError, match="32-bit float pixels have no fixed range"):
        read_photo(photo, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"Dear diary, this is no photo.",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n",  # would start Ghostscript
        b"\xff",
    ],
)
def test_other_formats_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "named.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=r"named\.jpg: not a photo in a known format \(JPEG, PNG"):
        read_photo(path, 8)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_jpeg_is_damaged(share: float) -> None:
    photo = encode(render("moon", 200, 200, np.random.RandomState(0)), "JPEG")
    with pytest.raises(PhotoError, match="<bytes>: damaged"):
        read_photo(photo[: int(share * len(photo))], 8)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "PPM", "TIFF", "WEBP"])
def test_any_damage_is_read_or_a_photo_error_without_a_warning(file_format: str) -> None:
    random = np.random.RandomState(0)
    photo = encode(render("star", 40, 30, random), file_format)
    for _ in range(100):
        damaged = bytearray(photo)
        for place in random.randint(0, len(photo), 5):
            damaged[place] = random.randint(256)
        with suppress(PhotoError):
            assert read_photo(bytes(damaged[: random.randint(1, len(photo) + 1)]), 8).shape == (8, 8, 4)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PhotoError, match=r"empty\.jpg: empty file"):
        read_photo(tmp_path / "empty.jpg", 8)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"missing\.jpg: No such file"):
        read_photo(tmp_path / "missing.jpg", 8)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="a folder; expected a photo"):
        read_photo(tmp_path, 8)
