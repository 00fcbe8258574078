"""Damage in what a photo does not need is no damage to the photo; missing pixels are."""

import io
import struct

import numpy as np
import pytest
from edge_cifar.edge.data.synthetic_shapes import render
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo, read_upright
from pictures import encode, png_chunk
from PIL import Image

PHOTO = render("moon", 96, 64, np.random.RandomState(0))


def same(damaged: bytes, sound: bytes) -> None:
    assert np.array_equal(read_photo(damaged, 8), read_photo(sound, 8))
    assert np.array_equal(np.asarray(read_upright(damaged)), np.asarray(read_upright(sound)))


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("after", [b"", b"\xff", b"\0" * 100])
def test_a_jpeg_that_lacks_only_its_end_is_read(options: dict[str, object], mode: str, after: bytes) -> None:
    sound = encode(PHOTO.convert(mode), "JPEG", **options)
    assert sound.endswith(b"\xff\xd9")
    same(sound[:-2] + after, sound)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [30, 60, 200, 700])
def test_a_jpeg_that_lacks_pixels_is_damaged(progressive: bool, missing: int) -> None:
    photo = encode(PHOTO, "JPEG", progressive=progressive, quality=90)
    with pytest.raises(PhotoError, match="damaged"):
        read_upright(photo[:-missing])


def test_a_progressive_jpeg_that_ends_between_two_scans_is_damaged() -> None:
    photo = encode(PHOTO, "JPEG", progressive=True)
    start = photo.index(b"\xff\xda")
    while (start := photo.find(b"\xff\xda", start + 2)) > 0:
        tables = photo.rfind(b"\xff\xc4", 0, start)
        with pytest.raises(PhotoError, match="damaged"):
            read_upright(photo[:start])
        with pytest.raises(PhotoError, match="damaged"):
            read_upright(photo[:tables])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_bytes_after_the_end_are_ignored(file_format: str) -> None:
    sound = encode(PHOTO, file_format)
    same(sound + b"garbage" * 50, sound)
    same(sound + encode(PHOTO, "JPEG"), sound)


@pytest.mark.parametrize("marker", [0xE1, 0xE2, 0xED, 0xEF, 0xFE])
@pytest.mark.parametrize(
    "content",
    [
        b"ICC_PROFILE\0",
        b"ICC_PROFILE\0\1",
        b"Exif\0\0",
        b"Exif\0\0MM",
        b"MPF\0MM\0*\0\0\0\x08",
        b"Photoshop 3.0\0" + b"8BIM" * 9,
    ],
)
def test_a_jpegs_metadata_may_be_broken(marker: int, content: bytes) -> None:
    sound = encode(PHOTO, "JPEG")
    same(with_segment(sound, marker, content), sound)


def test_a_broken_profile_does_not_cost_the_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sound = encode(PHOTO, "JPEG", exif=exif)
    same(with_segment(sound, 0xE2, b"ICC_PROFILE\0"), sound)
    assert read_upright(sound).size == (64, 96)


@pytest.mark.parametrize("kind", [b"tEXt", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"gAMA", b"pHYs", b"sRGB", b"acTL"])
@pytest.mark.parametrize("content", [b"", b"a", b"a\0b", b"a\0\0broken", bytes(9)])
def test_a_pngs_ignored_chunks_may_be_broken(kind: bytes, content: bytes) -> None:
    sound = encode(PHOTO, "PNG")
    whole = png_chunk(kind, content)
    for broken in (whole, whole[:-1] + bytes([whole[-1] ^ 1])):
        same(sound[:33] + broken + sound[33:], sound)
        same(sound[:-12] + broken + sound[-12:], sound)


def test_a_png_without_its_last_chunk_is_read() -> None:
    sound = encode(PHOTO, "PNG")
    same(sound[:-12], sound)


def test_a_png_that_lacks_pixels_is_damaged_whatever_else_is_broken() -> None:
    sound = encode(PHOTO, "PNG")
    broken = png_chunk(b"tEXt", b"a\0b")[:-1] + b"?"
    with pytest.raises(PhotoError, match="damaged"):
        read_photo((sound[:33] + broken + sound[33:])[:-200], 8)


@pytest.mark.parametrize("missing", [1, 50, 300])
def test_a_webp_whose_metadata_are_cut_is_read(missing: int) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a photo" * 60
    sound = encode(PHOTO, "WEBP", exif=exif)
    same(sound[:-missing], encode(PHOTO, "WEBP"))
    with pytest.raises(PhotoError, match="damaged"):
        read_photo(encode(PHOTO, "WEBP")[:-missing], 8)


def test_a_damaged_file_is_mended_however_it_comes() -> None:
    sound = encode(PHOTO, "JPEG")
    assert np.array_equal(read_photo(io.BytesIO(sound[:-2]), 8), read_photo(sound, 8))
    with Image.open(io.BytesIO(sound[:-2])) as image:
        assert np.array_equal(read_photo(image, 8), read_photo(sound, 8))
