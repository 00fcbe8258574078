"""What every format and colour mode becomes, against pixels worked out by hand."""

import io
import struct

import numpy as np
import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo, read_upright
from pictures import encode, png_of
from PIL import Image, ImageCms, features

WHITE, RED = (255, 255, 255, 255), (255, 0, 0, 255)
QUARTERS = np.repeat(np.repeat(np.array([[0, 60], [120, 180]], np.uint8), 8, axis=0), 8, axis=1)

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")


def test_a_ycck_jpeg_of_adobe_is_read_as_inks_on_white() -> None:
    inks = np.array([(255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)], np.uint8).repeat(16, axis=0)  # (48, 4)
    cyan_magenta_yellow = Image.fromarray(np.tile(inks[None, :, :3], (16, 1, 1)))
    luma_chroma = 255 - np.asarray(cyan_magenta_yellow.convert("YCbCr"))  # Pillow inverts what it writes as CMYK
    black = np.tile(inks[None, :, 3:], (16, 1, 1))
    planes = Image.fromarray(np.concatenate([luma_chroma, black], axis=2), "CMYK")
    photo = bytearray(encode(planes, "JPEG", quality=100, subsampling=0))
    photo[photo.index(b"Adobe") + 11] = 2  # the colour transform: YCCK
    with Image.open(io.BytesIO(photo)) as image:
        assert image.info["adobe_transform"] == 2
    read = read_photo(bytes(photo), 48)[:, [8, 24, 40], :3]
    assert np.abs(read.astype(int) - [(0, 255, 255), (255, 0, 0), (0, 0, 0)]).max() <= 3


def test_a_transparent_gif_lies_on_white() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert np.all(read_photo(encode(image, "GIF", transparency=1), 4) == WHITE)
    assert np.all(read_photo(encode(image, "GIF"), 4) == (10, 20, 30, 255))


def test_rgb_with_a_transparent_colour_lies_on_white() -> None:
    image = Image.new("RGB", (4, 4), (9, 9, 9))
    assert np.all(read_photo(encode(image, "PNG", transparency=(9, 9, 9)), 4) == WHITE)


def test_colour_under_full_transparency_does_not_show_when_shrunk() -> None:
    pixels = np.zeros((96, 96, 4), np.uint8)
    pixels[:, ::2] = (255, 0, 0, 255)  # every other column red, the others clear black
    read = read_photo(encode(Image.fromarray(pixels), "PNG"), 4)
    assert np.abs(read[..., :3].astype(int) - (255, 127, 127)).max() <= 2


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "TIFF", "MPO"])
def test_the_first_frame_is_read_though_the_second_is_cut_off(file_format: str) -> None:
    first = Image.fromarray(np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype(np.uint8)).convert("P")
    alone = encode(first.convert("RGB"), file_format)
    photo = encode(first.convert("RGB"), file_format, save_all=True, append_images=[first.convert("RGB").rotate(90)])
    cut = photo[: -len(alone) // 3] if file_format != "TIFF" else photo
    assert np.array_equal(read_photo(cut, 32), read_photo(alone, 32))


def test_an_mpo_gives_its_first_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    stored = Image.fromarray(np.ascontiguousarray(QUARTERS[::-1, ::-1]))
    photo = encode(stored, "MPO", save_all=True, append_images=[Image.new("L", (16, 16))], exif=exif, quality=100)
    with Image.open(io.BytesIO(photo)) as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
    assert np.array_equal(read_photo(photo, 16)[..., 0], QUARTERS)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("kind", ["garbage", "empty", "sRGB", "LAB", "XYZ"])
def test_colour_profiles_of_any_kind_change_nothing(file_format: str, kind: str) -> None:
    if kind == "garbage":
        profile = bytes(range(256)) * 3
    elif kind == "empty":
        profile = b"\0" * 128
    else:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()
    image = Image.fromarray(np.random.RandomState(0).randint(0, 256, (16, 16, 3)).astype(np.uint8))
    with_profile = read_photo(encode(image, file_format, icc_profile=profile), 16)
    assert np.array_equal(with_profile, read_photo(encode(image, file_format), 16))


@needs_avif
def test_avif_is_read() -> None:
    read = read_photo(encode(Image.fromarray(QUARTERS), "AVIF", quality=100), 16)[..., 0]
    assert np.abs(read.astype(int) - QUARTERS).max() <= 1


@needs_avif
def test_transparent_avif_lies_on_white() -> None:
    assert np.all(read_photo(encode(Image.new("RGBA", (16, 16), (0, 0, 0, 0)), "AVIF"), 16) == WHITE)


@needs_avif
@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned_upright(orientation: int) -> None:
    as_stored = {
        1: QUARTERS,
        2: QUARTERS[:, ::-1],
        3: QUARTERS[::-1, ::-1],
        4: QUARTERS[::-1],
        5: QUARTERS.T,
        6: QUARTERS.T[::-1],
        7: QUARTERS.T[::-1, ::-1],
        8: QUARTERS.T[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = encode(Image.fromarray(np.ascontiguousarray(as_stored)), "AVIF", quality=100, exif=exif)
    assert np.abs(read_photo(photo, 16)[..., 0].astype(int) - QUARTERS).max() <= 1


def test_lab_colours_are_refused_by_name() -> None:
    photo = encode(Image.new("LAB", (4, 4)), "TIFF")
    with pytest.raises(PhotoError, match="LAB colours; save the photo in RGB"):
        read_photo(photo, 4)


def test_red_stays_red_in_every_format() -> None:
    for file_format in ("PNG", "BMP", "GIF", "PPM", "TIFF"):
        assert np.all(read_photo(encode(Image.new("RGB", (8, 8), "red"), file_format), 8) == RED), file_format


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_gray_of_any_depth_lies_on_white(bits: int) -> None:
    most = 2**bits - 1
    samples = np.array([0, 1, most, 1]) if bits > 1 else np.array([0, 1, 1, 0])
    packed = samples.astype(">u2").tobytes() if bits == 16 else None
    row = packed or int("".join(f"{sample:0{bits}b}" for sample in samples).ljust(8, "0"), 2).to_bytes(
        max(1, bits // 2), "big"
    )
    clear = 1 if bits > 1 else 0
    photo = png_of(bits, 0, 4, row, (b"tRNS", struct.pack(">H", clear)))
    gray = np.asarray(read_upright(photo))[0, :, 0]
    expected = [0, 255, 255, 255] if bits > 1 else [255, 255, 255, 255]
    assert gray.tolist() == expected


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour_of_any_depth_lies_on_white(bits: int) -> None:
    colours = np.array([(1, 2, 3), (4, 5, 200)]) * (257 if bits == 16 else 1)
    row = colours.astype(f">u{bits // 8}").tobytes()
    photo = png_of(bits, 2, 2, row, (b"tRNS", struct.pack(">3H", *colours[0])))
    assert np.asarray(read_upright(photo))[0].tolist() == [[255, 255, 255], [4, 5, 200]]


def test_transparency_of_16_bits_survives_shrinking() -> None:
    rows = (b"\0" + struct.pack(">2H", 7, 0xFFFF) * 100) * 200
    photo = png_of(16, 0, 200, rows[1:], (b"tRNS", struct.pack(">H", 7)), height=200)
    assert np.all(read_photo(photo, 8) == WHITE)


@pytest.mark.parametrize("mode", ["La", "LA", "PA", "RGBa", "RGBA"])
@pytest.mark.parametrize("side", [2, 60])
def test_every_kind_of_transparency_lies_on_white(mode: str, side: int) -> None:
    clear = Image.new("LA", (side, side), (0, 128))
    image = clear.convert("RGBA").convert(mode) if mode in ("RGBa", "RGBA") else clear.convert(mode)
    if mode == "PA":
        image = Image.new("PA", (side, side), (0, 128))
    assert np.abs(read_photo(image, 2)[..., 0].astype(int) - 127).max() <= 1


@pytest.mark.parametrize("side", [2, 60])
def test_a_bmp_whose_alpha_is_zero_everywhere_is_not_transparent(side: int) -> None:
    def bmp(alpha: int) -> bytes:
        pixels = bytes((30, 20, 10, alpha)) * side**2  # BGRA
        header = struct.pack("<IiiHHIIiiII", 108, side, side, 1, 32, 3, len(pixels), 0, 0, 0, 0)
        header += struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + bytes(52)
        return b"BM" + struct.pack("<IHHI", 14 + 108 + len(pixels), 0, 0, 14 + 108) + header + pixels

    assert np.all(read_photo(bmp(0), 2) == (10, 20, 30, 255))
    assert np.all(read_photo(bmp(255), 2) == (10, 20, 30, 255))
    assert np.abs(read_photo(bmp(128), 2).astype(int) - (132, 137, 142, 255)).max() <= 1
