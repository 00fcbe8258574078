import io

import numpy as np
import pytest
from edge_cifar.edge.photos.contract import read_photo, to_pixels
from edge_cifar.edge.photos.preprocessing import FILTERS, Preprocessing
from PIL import Image


def shades(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([red, green, 0 * red], axis=-1).round().astype(np.uint8))


def jpeg(image: Image.Image, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("made", "side"),
    [
        (Preprocessing(32), 96),
        (Preprocessing(127), 381),
        (Preprocessing(128), 192),
        (Preprocessing(224), 336),
        (Preprocessing(224, "crop", "bilinear", 0.875), 384),
    ],
)
def test_a_jpeg_is_decoded_to_so_many_pixels_at_least(made: Preprocessing, side: int) -> None:
    assert made.draft_side == side


def test_large_pixels_come_from_half_as_many_as_small_ones() -> None:
    image = shades(1200, 1200)
    exact = Preprocessing(200)
    assert np.array_equal(to_pixels(image, exact), to_pixels(image.reduce(4), exact))  # 300 of 1200, 1.5 times 200
    small = Preprocessing(100)
    assert np.array_equal(to_pixels(image, small), to_pixels(image.reduce(4), small))  # 3 times 100


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (Preprocessing(32), "squash-bicubic"),
        (Preprocessing(224, "crop", "bilinear", 0.875), "crop-bilinear-0.875"),
        (Preprocessing(224, "crop", "lanczos"), "crop-lanczos"),
        (Preprocessing(96, "crop", "bicubic", 1 / 3), "crop-bicubic-0.3333333333333333"),
    ],
)
def test_a_rule_can_be_written_and_read(made: Preprocessing, rule: str) -> None:
    assert made.rule == rule
    assert Preprocessing.parse(made.size, rule) == made


@pytest.mark.parametrize(
    "rule",
    [
        *("", "squash", "squash-", "crop-cubic", "fit-bicubic", "squash-bicubic-0.5", "squash-bicubic-1"),
        *("crop-bicubic-0", "crop-bicubic-1.5", "crop-bicubic-nan", "crop-bicubic-0.50", "crop-bicubic-x"),
        "crop-bicubic--0.5",
    ],
)
def test_a_rule_is_written_in_one_way_only(rule: str) -> None:
    with pytest.raises(ValueError, match=r"rule|share|float"):
        Preprocessing.parse(32, rule)


def test_a_size_is_at_least_one_pixel() -> None:
    with pytest.raises(ValueError, match="size 0"):
        Preprocessing(0)


def test_a_number_stands_for_the_rule_of_our_own_nets() -> None:
    assert Preprocessing.of(32) == Preprocessing(32, "squash", "bicubic", 1.0)
    assert Preprocessing.of(Preprocessing(8, "crop")) == Preprocessing(8, "crop")
    assert np.array_equal(to_pixels(shades(60, 40), 8), to_pixels(shades(60, 40), Preprocessing(8)))


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("size", [(96, 48), (48, 96), (64, 64)])
def test_a_crop_is_the_middle_square_resized_once(size: tuple[int, int], share: float) -> None:
    image = shades(*size)
    side = min(size) * share
    left, top = ((length - side) / 2 for length in size)
    expected = image.resize((16, 16), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    pixels = to_pixels(image, Preprocessing(16, "crop", "bicubic", share))
    assert np.array_equal(pixels[..., :3], np.asarray(expected))
    assert (pixels[..., 3] == 255).all()


def test_a_crop_is_what_torchvision_leaves() -> None:
    transforms = pytest.importorskip("torchvision.transforms.v2")
    usual = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    image = shades(640, 512)
    pixels = read_photo(image, Preprocessing(224, "crop", "bilinear", 224 / 256))
    assert np.abs(pixels[..., :3].astype(int) - np.asarray(usual(image))).max() <= 1


def test_an_image_of_the_size_is_cropped_all_the_same() -> None:
    image = shades(32, 32)
    assert np.array_equal(to_pixels(image, Preprocessing(32, "crop"))[..., :3], np.asarray(image))
    assert to_pixels(image, Preprocessing(32, "crop", crop_share=0.5))[0, 0, 0] > 50


@pytest.mark.parametrize("name", FILTERS)
def test_the_filter_is_the_one_that_is_named(name: str) -> None:
    image = Image.effect_noise((40, 40), 80).convert("RGB")
    expected = image.resize((16, 16), Image.Resampling[name.upper()])
    assert np.array_equal(to_pixels(image, Preprocessing(16, "squash", name))[..., :3], np.asarray(expected))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_jpeg_is_cropped_upright_as_if_it_were_decoded_whole(orientation: int) -> None:
    wanted = Preprocessing(32, "crop", "bicubic", 0.5)
    image = shades(1501, 1003)
    data = jpeg(image, orientation)
    whole = Image.open(io.BytesIO(data))
    whole.load()
    expected = to_pixels(whole, wanted).astype(int)
    assert np.abs(read_photo(data, wanted).astype(int) - expected).max() <= 2
