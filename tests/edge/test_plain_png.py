import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.photo import read_photo
from edge_cifar.edge.plain_png import MAX_PIXELS, open_plain_png
from pictures import encode
from PIL import Image, PngImagePlugin

RANDOM = np.random.RandomState(0)
PICTURE = Image.fromarray(RANDOM.randint(0, 256, (9, 7, 4)).astype(np.uint8))
SMOOTH = Image.linear_gradient("L").resize((7, 9)).convert("RGB")  # its rows use other PNG filters than noise does


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a file of these chunks, with right lengths and CRCs."""
    packed = (struct.pack(">I", len(data)) + kind + data + _crc(kind + data) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def _crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def header(width: int = 4, height: int = 4, bits: int = 8, colour: int = 0, interlace: int = 0) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)


GRAY_ROWS = zlib.compress(b"".join(bytes([0, row, 50, 100, 150]) for row in range(4)))
PIXELS, END = (b"IDAT", GRAY_ROWS), (b"IEND", b"")


def as_pillow_opens(file: bytes) -> Image.Image:
    with Image.open(io.BytesIO(file), formats=("PNG",)) as image:
        image.load()
        return image.copy()


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
@pytest.mark.parametrize("picture", [PICTURE, SMOOTH])
def test_pixels_are_those_that_pillow_reads(mode: str, picture: Image.Image) -> None:
    file = encode(picture.convert(mode), "PNG")
    opened = open_plain_png(file)
    assert opened is not None
    assert opened == as_pillow_opens(file)


def test_pixels_may_come_in_pieces() -> None:
    pieces = [(b"IDAT", GRAY_ROWS[i : i + 3]) for i in range(0, len(GRAY_ROWS), 3)]
    whole, in_pieces = open_plain_png(png(header(), PIXELS, END)), open_plain_png(png(header(), *pieces, END))
    assert whole is not None
    assert np.asarray(whole)[:, 0].tolist() == [0, 1, 2, 3]
    assert in_pieces == whole


@pytest.mark.parametrize("size", [4, 32])
def test_a_photo_is_the_same_by_path_as_bytes_and_as_pillow_opens_it(tmp_path: Path, size: int) -> None:
    file = encode(PICTURE, "PNG")
    (tmp_path / "a.png").write_bytes(file)
    expected = read_photo(as_pillow_opens(file), size)
    assert np.array_equal(read_photo(tmp_path / "a.png", size), expected)
    assert np.array_equal(read_photo(file, size), expected)


def _with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(SMOOTH, "PNG", exif=exif)


def _with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "one")
    return encode(SMOOTH, "PNG", pnginfo=text)


@pytest.mark.parametrize(
    "file",
    [
        encode(SMOOTH, "JPEG"),
        encode(SMOOTH.convert("P"), "PNG"),
        encode(SMOOTH.convert("1"), "PNG"),
        encode(SMOOTH, "PNG", transparency=(0, 0, 0)),
        encode(Image.fromarray(np.zeros((4, 4), np.uint16)), "PNG"),
        _with_exif(),
        _with_text(),
        png(header(interlace=1), PIXELS, END),
        png(header(width=MAX_PIXELS + 1, height=1), PIXELS, END),
        png(header(width=0), PIXELS, END),
        png(header(), header(height=2), PIXELS, END),
        png(header(), END),
        png(header(), PIXELS),
        png(header(height=9), PIXELS, END)[:-20],
        png(header(), PIXELS, END).replace(_crc(b"IDAT" + GRAY_ROWS), b"none"),
        png(header(), (b"IDAT", GRAY_ROWS[:-8]), END),
        png(header(), (b"IDAT", b"no pixels"), END),
    ],
)
def test_all_that_is_out_of_the_ordinary_is_left_to_pillow(file: bytes) -> None:
    assert open_plain_png(file) is None


def test_damaged_pixels_are_what_pillow_makes_of_them() -> None:
    opened = 0
    for _ in range(2000):
        data = bytearray(GRAY_ROWS)
        data[RANDOM.randint(len(data))] ^= 1 << RANDOM.randint(8)
        file = png(header(), (b"IDAT", bytes(data)), END)
        if (image := open_plain_png(file)) is not None:
            opened += 1
            assert image == as_pillow_opens(file)
    assert 100 < opened < 1900
