from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.evidence.plain_path import PathCheck, compare_paths, is_moderate, plain_pixels
from PIL import Image

RULES = [
    Preprocessing(32, "squash", "bicubic"),
    Preprocessing(32, "crop", "bilinear", 0.875),
    Preprocessing(32, "crop", "lanczos"),
]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A smooth photo that lies on its side, by its EXIF tag."""
    y, x = np.mgrid[0:150, 0:200]
    pixels = np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "photo.png", exif=exif)
    return tmp_path / "photo.png"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
def test_plain_pillow_and_our_photo_path_see_the_same(photo: Path, rule: Preprocessing) -> None:
    plain, ours = plain_pixels(photo, rule), read_photo(photo, rule)
    assert plain.shape == ours.shape == (32, 32, 4)
    assert (plain[..., 3] == 255).all()
    assert np.abs(plain.astype(int) - ours).mean() < 2
    assert plain[..., 1].std() > 10  # not one colour, in which nothing could differ


def test_answers_and_pixels_are_counted() -> None:
    black = np.zeros((2, 4, 4, 4), np.uint8)
    grey = black.copy()
    grey[0, ..., :3] = 10
    check = compare_paths(
        black, grey, np.array([[0.0, 1], [1, 0]], np.float32), np.array([[0.0, 1], [0, 1]], np.float32)
    )
    assert check == PathCheck(2, 1, 5.0)
    assert "1 of 2 photos" in check.describe()


def test_what_plain_pillow_cannot_read_is_left_out(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    assert is_moderate(photo, RULES[0])
    assert not is_moderate(tmp_path / "text.jpg", RULES[0])


def test_what_plain_pillow_would_blow_up_is_left_out(photo: Path, tmp_path: Path) -> None:
    Image.new("RGB", (60_000, 1)).save(tmp_path / "strip.png")
    assert not is_moderate(tmp_path / "strip.png", Preprocessing(224, "crop", "bilinear", 0.875))
    assert is_moderate(tmp_path / "strip.png", Preprocessing(224, "squash", "bilinear"))
    assert not is_moderate(photo, Preprocessing(224, "crop", "bilinear", 0.001))
