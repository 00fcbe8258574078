import io
import os
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar.edge.data.synthetic_shapes import render
from edge_cifar.edge.photos.contract import photo_name, read_photo, read_upright, to_pixels
from pictures import encode
from PIL import Image

Array = npt.NDArray[np.generic]

WHITE, BLACK, RED = (255, 255, 255, 255), (0, 0, 0, 255), (255, 0, 0, 255)

UPRIGHT = np.repeat(np.repeat(np.array([[0, 60], [120, 180]], np.uint8), 8, axis=0), 8, axis=1)  # four gray quarters

# Where Exif 2.3 (table 4) says that row 0 and column 0 of the stored picture lie, undone by hand.
AS_STORED: dict[int, Callable[[Array], Array]] = {
    1: lambda seen: seen,  # top, left
    2: lambda seen: seen[:, ::-1],  # top, right
    3: lambda seen: seen[::-1, ::-1],  # bottom, right
    4: lambda seen: seen[::-1],  # bottom, left
    5: lambda seen: seen.T,  # left, top
    6: lambda seen: seen.T[::-1],  # right, top
    7: lambda seen: seen.T[::-1, ::-1],  # right, bottom
    8: lambda seen: seen.T[:, ::-1],  # left, bottom
}


def same_everywhere(pixels: Array, rgbx: tuple[int, ...]) -> bool:
    return bool(np.all(pixels == np.array(rgbx)))


@pytest.mark.parametrize("orientation", AS_STORED)
@pytest.mark.parametrize(
    ("file_format", "options"),
    [("JPEG", {"quality": 100}), ("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})],
)
def test_every_orientation_gives_the_same_picture(
    orientation: int, file_format: str, options: dict[str, object]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(AS_STORED[orientation](UPRIGHT)))
    photo = encode(stored.convert("RGB"), file_format, exif=exif, **options)
    assert np.array_equal(read_photo(photo, 16)[..., 0], UPRIGHT)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage!", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\x09\0"]
)
def test_malformed_exif_does_not_lose_the_photo(file_format: str, exif: bytes) -> None:
    photo = encode(Image.new("RGB", (16, 16), "white"), file_format, exif=exif)
    assert same_everywhere(read_photo(photo, 16), WHITE)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP"])
def test_rgb_at_native_size_passes_unchanged_with_x_at_255(file_format: str) -> None:
    pixels = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (9, 99, 199)]], np.uint8)
    read = read_photo(encode(Image.fromarray(pixels), file_format, lossless=True), 2)
    assert read.shape == (2, 2, 4)
    assert read.dtype == np.uint8
    assert np.array_equal(read[..., :3], pixels)
    assert np.all(read[..., 3] == 255)


def test_gray_becomes_three_equal_channels() -> None:
    gray = np.array([[0, 1], [128, 255]], np.uint8)
    read = read_photo(encode(Image.fromarray(gray), "PNG"), 2)
    assert np.array_equal(read[..., :3], np.stack([gray] * 3, axis=-1))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bit_gray_is_scaled_not_clipped(file_format: str) -> None:
    gray = np.array([[0, 128, 129], [257, 32768, 25700], [65406, 65407, 65535]], np.uint16)
    read = read_photo(encode(Image.fromarray(gray), file_format), 3)
    assert read[..., 0].tolist() == [[0, 0, 1], [1, 128, 100], [254, 255, 255]]


def test_16_bit_pgm_is_scaled_not_clipped() -> None:
    photo = b"P5 2 2 65535\n" + struct.pack(">4H", 0, 257, 25700, 65535)
    assert read_photo(photo, 2)[..., 0].tolist() == [[0, 1], [100, 255]]


def test_16_bit_ppm_is_scaled_not_clipped() -> None:
    photo = b"P6 1 1 65535\n" + struct.pack(">3H", 257, 25700, 65535)
    assert read_photo(photo, 1).tolist() == [[[1, 100, 255, 255]]]


def test_one_bit_is_black_and_white() -> None:
    photo = b"P4 2 2\n" + bytes([0b01000000, 0b10000000])  # 1 is black
    assert read_photo(photo, 2)[..., 0].tolist() == [[255, 0], [0, 255]]


def test_cmyk_is_ink_on_white() -> None:
    inks = np.array([[(0, 0, 0, 0), (0, 255, 255, 0)], [(0, 0, 0, 255), (255, 0, 255, 0)]], np.uint8)
    read = read_photo(encode(Image.fromarray(inks, "CMYK"), "TIFF"), 2)
    assert read[..., :3].tolist() == [[[255, 255, 255], [255, 0, 0]], [[0, 0, 0], [0, 255, 0]]]


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    photo = encode(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG")
    assert same_everywhere(read_photo(photo, 16), WHITE)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (255, 0, 0, 255), RED),
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127, 255)),
        ("LA", (0, 128), (127, 127, 127, 255)),
    ],
)
@pytest.mark.parametrize("side", [2, 50])
def test_transparency_lies_on_white(mode: str, colour: tuple[int, ...], expected: tuple[int, ...], side: int) -> None:
    photo = encode(Image.new(mode, (side, side), colour), "PNG")
    assert same_everywhere(read_photo(photo, 2), expected)


@pytest.mark.parametrize(
    ("transparency", "expected"), [(None, (0, 0, 0)), (0, (255, 255, 255)), (b"\x80\xff", (127, 127, 127))]
)
def test_palettes_with_and_without_transparency(
    transparency: int | bytes | None, expected: tuple[int, int, int]
) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.putdata([0, 1])
    options = {} if transparency is None else {"transparency": transparency}
    read = read_photo(encode(image.resize((2, 2)), "PNG", **options), 2)
    assert read[0, 0, :3].tolist() == list(expected)
    assert read[0, 1, :3].tolist() == [10, 20, 30]


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animations_give_their_first_frame(file_format: str) -> None:
    first, second = Image.new("RGB", (4, 4), "red"), Image.new("RGB", (4, 4), "blue")
    photo = encode(first, file_format, save_all=True, append_images=[second], lossless=True)
    assert same_everywhere(read_photo(photo, 4), RED)


def test_every_kind_of_input_gives_identical_pixels(photo: Path) -> None:
    expected = read_photo(photo, 8)
    assert np.array_equal(read_photo(str(photo), 8), expected)
    assert np.array_equal(read_photo(photo.read_bytes(), 8), expected)
    assert np.array_equal(read_photo(io.BytesIO(photo.read_bytes()), 8), expected)
    with Image.open(photo) as image:
        assert np.array_equal(read_photo(image, 8), expected)
        assert np.array_equal(read_photo(np.asarray(image), 8), expected)


def test_files_that_the_caller_opened_stay_open(photo: Path) -> None:
    with photo.open("rb") as file, Image.open(photo) as image:
        assert np.array_equal(read_photo(file, 8), read_photo(image, 8))
        assert not file.closed
        image.load()


def test_a_pillow_image_is_left_as_it_was() -> None:
    photo = encode(render("star", 640, 480, np.random.RandomState(0)), "JPEG")
    with Image.open(io.BytesIO(photo)) as image:
        read_photo(image, 32)
        assert (image.size, image.mode) == ((640, 480), "RGB")


def test_an_undecoded_jpeg_gives_the_same_however_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    render("moon", 1000, 750, np.random.RandomState(0)).save(path, quality=90)
    expected = read_photo(path, 32)
    assert np.array_equal(read_photo(path.read_bytes(), 32), expected)
    with path.open("rb") as file, Image.open(path) as image:
        assert np.array_equal(read_photo(file, 32), expected)
        assert np.array_equal(read_photo(image, 32), expected)
        assert np.array_equal(read_photo(image, 32), expected)  # again: the image was left as it was


def test_a_decoded_jpeg_is_close_to_the_undecoded_one(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    render("moon", 1000, 750, np.random.RandomState(0)).save(path, quality=90)
    expected = read_photo(path, 32).astype(int)
    with Image.open(path) as image:
        image.load()
        decoded = read_photo(image, 32)
        assert np.array_equal(read_photo(np.asarray(image), 32), decoded)
    assert np.abs(decoded - expected).mean() < 0.5


def test_a_stream_that_cannot_seek_is_read(photo: Path) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, photo.read_bytes())
    os.close(write_end)
    with os.fdopen(read_end, "rb") as file:
        assert np.array_equal(read_photo(file, 8), read_photo(photo, 8))


@pytest.mark.parametrize("size", [(199, 197), (771, 1023), (1000, 105)])
def test_a_reduced_jpeg_whose_sides_are_no_multiples_of_8_is_not_stretched(size: tuple[int, int]) -> None:
    noise = Image.fromarray(np.random.RandomState(0).randint(0, 256, (24, 24)).astype(np.uint8))
    photo = encode(noise.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=95)
    with Image.open(io.BytesIO(photo)) as image:
        whole = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC))
    assert np.abs(read_photo(photo, 32)[..., 0].astype(int) - whole).mean() < 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_bands_give_what_the_whole_gives(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = render("cross", 500, 333, np.random.RandomState(1)).convert(mode)
    whole = to_pixels(image, 20)
    monkeypatch.setattr("edge_cifar.edge.photos.pixels.BAND_PIXELS", 1)
    assert np.array_equal(to_pixels(image, 20), whole)


def test_a_photo_can_be_had_upright_at_its_own_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = Image.new("LA", (40, 30), (0, 0))
    clear.paste(Image.new("LA", (20, 30), (50, 255)))  # the left half, which is seen at the top
    upright = np.asarray(read_upright(encode(clear, "PNG", exif=exif)))
    assert upright.shape == (40, 30, 3)
    assert np.all(upright[:20] == 50)
    assert np.all(upright[20:] == 255)


def test_the_whole_photo_is_squashed_to_a_square() -> None:
    photo = np.zeros((10, 40), np.uint8)
    photo[:, 20:] = 255  # the right half
    read = read_photo(photo, 8)[..., 0]
    assert np.all(read[:, :3] == 0)
    assert np.all(read[:, 5:] == 255)


@pytest.mark.parametrize("size", [32, 127, 128, 224])
def test_a_large_jpeg_decoded_at_reduced_scale_is_close_to_the_whole(size: int) -> None:
    photo = encode(render("heart", 1024, 768, np.random.RandomState(3)), "JPEG", quality=90)
    with Image.open(io.BytesIO(photo)) as image:
        whole = np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC).convert("RGBX"))
    reduced = read_photo(photo, size)
    assert not np.array_equal(reduced, whole)
    assert np.abs(reduced.astype(int) - whole.astype(int)).mean() < 1


def test_a_jpeg_of_92_megapixels_is_read_without_a_warning() -> None:
    photo = encode(Image.new("L", (9600, 9600), 200), "JPEG")
    assert same_everywhere(read_photo(photo, 8), (200, 200, 200, 255))


def test_a_png_named_jpg_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "really-png.jpg"
    path.write_bytes(encode(Image.new("RGB", (4, 4), "red"), "PNG"))
    assert same_everywhere(read_photo(path, 4), RED)


def test_reading_leaves_the_warning_filters_alone(photo: Path) -> None:
    before = list(warnings.filters)
    read_photo(photo, 8)
    assert warnings.filters == before


def test_messages_call_a_photo_by_its_path_or_its_kind(photo: Path) -> None:
    assert photo_name(photo) == str(photo)
    assert photo_name(b"...") == "<bytes>"
    assert photo_name(io.BytesIO()) == "<BytesIO>"
    assert photo_name("") == '""'
