"""Pixels of 1, 12, 16 and 32 bits, against values worked out by hand."""

import struct

import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo, read_upright
from pictures import encode, png_of
from PIL import Image

Array = npt.NDArray[np.generic]

WHITE = (255, 255, 255, 255)


def png_16_bit(colour_type: int, samples: Array) -> bytes:
    """A PNG of 16 bits a sample, samples (H, W, channels), which Pillow can't write."""

    height, width = samples.shape[:2]
    rows = b"\0".join(row.astype(">u2").tobytes() for row in samples)
    return png_of(16, colour_type, width, rows, height=height)


def tiff(width: int, height: int, data: bytes, order: str, **tags: tuple[int, ...]) -> bytes:
    """A TIFF of one uncompressed strip; tags t258=(16, 16, 16) and so on, all of them 16-bit numbers."""
    entries = {256: (width,), 257: (height,), 259: (1,), 273: (0,), 278: (height,), 279: (len(data),)}
    entries |= {int(name[1:]): values for name, values in tags.items()}
    start = 8 + 2 + 12 * len(entries) + 4
    outside = b""
    directory = b""
    for tag, values in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}H", *values)
        if tag == 273:
            packed = struct.pack(f"{order}HH", 0, 0)  # set below
            directory += struct.pack(f"{order}HHL", tag, 4, 1) + b"STRP"
        elif len(packed) <= 4:
            directory += struct.pack(f"{order}HHL", tag, 3, len(values)) + packed.ljust(4, b"\0")
        else:
            directory += struct.pack(f"{order}HHLL", tag, 3, len(values), start + len(outside))
            outside += packed
    directory = directory.replace(b"STRP", struct.pack(f"{order}L", start + len(outside)))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HLH", 42, 8, len(entries))
    return head + directory + bytes(4) + outside + data


def test_16_bit_rgb_png_keeps_its_high_bytes() -> None:
    samples = np.array([[(0, 0x0100, 0x01FF), (0x8000, 0xFF00, 0xFFFF)]], np.uint16)
    assert read_photo(png_16_bit(2, samples.repeat(2, axis=0)), 2)[0, :, :3].tolist() == [[0, 1, 1], [128, 255, 255]]


def test_16_bit_rgba_png_lies_on_white() -> None:
    samples = np.full((2, 2, 4), (0xFFFF, 0, 0, 0x8000), np.uint16)
    assert np.all(read_photo(png_16_bit(6, samples), 2) == (255, 127, 127, 255))


def test_16_bit_gray_with_alpha_lies_on_white() -> None:
    assert np.all(read_photo(png_16_bit(4, np.full((2, 2, 2), (0xFFFF, 0), np.uint16)), 2) == WHITE)


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_rgb_tiff_keeps_its_high_bytes(order: str) -> None:
    samples = np.array([(0, 0x0100, 0x01FF), (0x8000, 0xFF00, 0xFFFF)] * 2, f"{order}u2")
    photo = tiff(2, 2, samples.tobytes(), order, t258=(16, 16, 16), t262=(2,), t277=(3,))
    assert read_photo(photo, 2)[0, :, :3].tolist() == [[0, 1, 1], [128, 255, 255]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_gray_tiff_of_either_byte_order_is_scaled(order: str) -> None:
    samples = np.array([0, 257, 25700, 65535], f"{order}u2")
    photo = tiff(2, 2, samples.tobytes(), order, t258=(16,), t262=(1,), t277=(1,))
    assert read_photo(photo, 2)[..., 0].tolist() == [[0, 1], [100, 255]]


def test_a_large_16_bit_photo_is_scaled_before_it_is_shrunk() -> None:
    photo = encode(Image.fromarray(np.full((300, 200), 25700, np.uint16)), "PNG")
    assert np.all(read_photo(photo, 8) == (100, 100, 100, 255))


@pytest.mark.parametrize(("white_is_zero", "expected"), [(0, [[255, 0], [0, 255]]), (1, [[0, 255], [255, 0]])])
def test_1_bit_tiff_of_either_sense(white_is_zero: int, expected: list[list[int]]) -> None:
    photo = tiff(2, 2, bytes([0b01000000, 0b10000000]), "<", t258=(1,), t262=(white_is_zero,), t277=(1,))
    assert read_photo(photo, 2)[..., 0].tolist() == expected


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP", "GIF"])
def test_1_bit_is_black_and_white(file_format: str) -> None:
    bits = np.array([[True, False], [False, True]])
    assert read_photo(encode(Image.fromarray(bits), file_format), 2)[..., 0].tolist() == [[255, 0], [0, 255]]


@pytest.mark.parametrize("top", [1, 255, 4095])
@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_gray_of_12_bits_is_refused_rather_than_read_as_black(top: int, order: str) -> None:
    samples = np.array([0, top, 0, 1], f"{order}u2")
    photo = tiff(2, 2, samples.tobytes(), order, t258=(16,), t262=(1,), t277=(1,))
    with pytest.raises(PhotoError, match="16-bit pixels that use 12 bits at most"):
        read_photo(photo, 2)
    with pytest.raises(PhotoError, match="16-bit pixels that use 12 bits at most"):
        read_photo(png_16_bit(0, samples.reshape(2, 2, 1)), 2)


def test_16_bit_colours_of_12_bits_are_refused_too() -> None:
    with pytest.raises(PhotoError, match="16-bit pixels that use 12 bits at most"):
        read_photo(png_16_bit(2, np.full((2, 2, 3), 4095, np.uint16)), 2)
    with pytest.raises(PhotoError, match="16-bit pixels that use 12 bits at most"):
        read_photo(png_16_bit(6, np.full((2, 2, 4), (4095, 0, 0, 0xFFFF), np.uint16)), 2)
    assert read_photo(png_16_bit(2, np.full((2, 2, 3), 4096, np.uint16)), 2)[0, 0].tolist() == [16, 16, 16, 255]


def test_16_bit_black_is_black() -> None:
    assert np.all(read_photo(png_16_bit(0, np.zeros((2, 2, 1), np.uint16)), 2) == (0, 0, 0, 255))


@pytest.mark.parametrize("top", [1, 255, 65535, 1 << 30])
def test_32_bit_integers_are_refused(top: int) -> None:
    image = Image.fromarray(np.array([[0, top], [top, 0]], np.int32))
    for photo in (image, encode(image, "TIFF")):
        with pytest.raises(PhotoError, match="32-bit integer pixels have no fixed range"):
            read_photo(photo, 2)


@pytest.mark.parametrize("largest", [255, 1023, 4095, 65535])
def test_a_pgm_of_any_range_is_scaled_by_it(largest: int) -> None:
    samples = np.array([0, largest], ">u2" if largest > 255 else "u1")
    photo = b"P5 2 1 %d\n" % largest + samples.tobytes()
    assert np.asarray(read_upright(photo))[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L", "I;16N"])
def test_16_bit_images_of_either_byte_order_are_scaled(mode: str) -> None:
    image = Image.frombytes(mode, (2, 1), np.array([25700, 65535], ">u2" if mode == "I;16B" else "<u2").tobytes())
    assert np.asarray(read_upright(image))[0, :, 0].tolist() == [100, 255]
