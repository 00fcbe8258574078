import json
from dataclasses import dataclass
from pathlib import Path

import nodejs
import numpy as np
import pytest
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.pixels import to_rgbx
from edge_cifar.edge.photos.preprocessing import Preprocessing
from PIL import Image

SIZES = (32, 96, 128, 224)
RULES = (
    "squash-bicubic",
    "squash-bilinear",
    "squash-lanczos",
    "crop-bicubic",
    "crop-bilinear-0.875",
    "crop-lanczos-0.9",
)


@dataclass
class Asked:
    """An image and what it is wanted as."""

    array: np.ndarray  # uint8 (H, W, 4)
    wanted: Preprocessing
    orientation: int = 1


def in_javascript(asked: list[Asked], folder: Path) -> list[np.ndarray]:
    """Return the pixels that the page makes of images, each uint8 (size, size, 4)."""
    request = []
    for i, each in enumerate(asked):
        (folder / f"{i}").write_bytes(each.array.tobytes())
        height, width = each.array.shape[:2]
        size, rule = each.wanted.size, each.wanted.rule
        request.append(
            {"name": f"{i}", "width": width, "height": height, "size": size, "rule": rule}
            | {"orientation": each.orientation}
        )
    (folder / "asked.json").write_text(json.dumps(request))
    nodejs.run("edge/web/photo_pixels.mjs", nodejs.PAGE, folder)
    shapes = [(each.wanted.size, each.wanted.size, 4) for each in asked]
    return [np.fromfile(folder / f"{i}.pixels", np.uint8).reshape(shape) for i, shape in enumerate(shapes)]


def images(count: int, opaque: bool) -> list[Asked]:
    """Return noise and edges of all shapes, at every size by every rule in turn."""
    random = np.random.default_rng(count)
    asked = []
    for i in range(count):
        wanted = Preprocessing.parse(SIZES[i % len(SIZES)], RULES[i % len(RULES)])
        most = (4 if wanted.size > 32 or i % 3 else 40) * wanted.size
        height, width = random.integers(1, most, 2)
        if i % 10 == 0:  # nothing to resize, or just one way
            height, width = wanted.size, random.choice([wanted.size, 3 * wanted.size])
        array = random.integers(0, 256, (height, width, 4), np.uint8)
        array[: height // 2] = np.where(array[: height // 2] > 127, 255, 0)  # where filters overshoot
        if opaque:
            array[..., 3] = 255
        array[0, 0, 3] = 255
        asked.append(Asked(array, wanted))
    return asked


@pytest.mark.parametrize("opaque", [True, False])
def test_pixels_are_those_of_the_photo_path_to_the_bit(tmp_path: Path, opaque: bool) -> None:
    asked = images(100, opaque)
    for each, pixels in zip(asked, in_javascript(asked, tmp_path), strict=True):
        expected = read_photo(each.array, each.wanted)
        assert np.array_equal(pixels, expected), f"{each.array.shape} {each.wanted}"


def test_photos_are_turned_as_their_file_says(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (70, 40, 4), np.uint8)
    array[..., 3] = 255
    asked = [Asked(array, Preprocessing(32), orientation) for orientation in range(1, 9)]
    for each, pixels in zip(asked, in_javascript(asked, tmp_path), strict=True):
        image = Image.fromarray(array[..., :3])
        assert np.array_equal(pixels, to_rgbx(image, each.wanted, image.size, each.orientation)), each.orientation
