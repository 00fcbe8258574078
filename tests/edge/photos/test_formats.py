"""What is met instead of a photo is called by its name."""

import io
import struct
from pathlib import Path

import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import FORMATS, read_photo
from edge_cifar.edge.photos.formats import START, format_read, webp_size
from pictures import encode
from PIL import Image, features


def iso(major: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO media file, and the beginning of the next."""
    brands = major + bytes(4) + b"".join(compatible)
    return struct.pack(">I4s", 8 + len(brands), b"ftyp") + brands + b"\0\0\1\0meta" + bytes(200)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (iso(b"heic", b"mif1", b"heic"), "HEIC"),
        (iso(b"mif1", b"mif1", b"heic"), "HEIC"),
        (iso(b"msf1", b"hevc"), "HEIC"),
        (iso(b"crx ", b"crx ", b"isom"), "raw"),
        (iso(b"isom", b"mp42"), "video"),
        (iso(b"qt  "), "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\xff\x0a" + bytes(9), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\0", "JPEG 2000"),
        (b"FUJIFILMCCD-RAW 0201", "raw"),
        (b"8BPS\0\1", "Photoshop"),
        (b'<?xml version="1.0"?><svg/>', "SVG"),
        (b"  <SVG xmlns='...'>", "SVG"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "a web page"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"PK\3\4", "ZIP"),
        (b"Dear diary, this is no photo.", "text"),
        (bytes(100), "nothing but zeros"),
    ],
)
def test_what_is_not_read_is_named(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "named.jpg"
    path.write_bytes(content)
    with pytest.raises(
        PhotoError, match=rf"named\.jpg: not a photo in a known format \(JPEG, .*\), but {kind}.*; save"
    ):
        read_photo(path, 8)


def test_what_has_no_known_beginning_is_not_named() -> None:
    with pytest.raises(PhotoError, match=r"<bytes>: not a photo in a known format \([A-Z, ]*\)$"):
        read_photo(b"\x93\x01\x02\x03", 8)


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_is_read_is_told_by_its_beginning(file_format: str) -> None:
    if file_format in ("WEBP", "AVIF") and not features.check(file_format.lower()):
        pytest.skip(f"this Pillow writes no {file_format}")
    assert format_read(encode(Image.new("L", (8, 8)), file_format)[:START]) == file_format


def test_an_avif_of_a_general_brand_is_read() -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    photo = encode(Image.new("RGB", (16, 16), "white"), "AVIF")
    start = photo.index(b"avif")
    assert read_photo(photo[:start] + b"mif1" + photo[start + 4 :], 4)[0, 0, 0] == 255


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"icc_profile": b"profile"}])
@pytest.mark.parametrize("size", [(1, 1), (300, 17), (5, 1000)])
def test_the_size_of_a_webp_is_told_by_its_beginning(options: dict[str, object], size: tuple[int, int]) -> None:
    photo = encode(Image.new("RGB", size), "WEBP", **options)
    with Image.open(io.BytesIO(photo)) as image:
        assert webp_size(photo[:START]) == image.size == size


def test_a_jpeg_of_12_bits_and_float_colours_are_of_a_kind_that_is_not_read() -> None:
    photo = bytearray(encode(Image.new("RGB", (8, 8)), "JPEG"))
    photo[photo.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(PhotoError, match=r"of a kind that isn't read \(JPEG: .*12"):
        read_photo(bytes(photo), 8)
