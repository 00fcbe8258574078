import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import pytest
from edge_cifar.edge.stats.confidence import CalibrationBin
from edge_cifar.train.report import plots
from PIL import Image

HISTORY: list[dict[str, Any]] = [
    {
        "epoch": epoch,
        "train_loss": 2 / epoch,
        "train_accuracy": 1 - 0.8 / epoch,
        "val_loss": 1.9 / epoch,
        "val_accuracy": 1 - 0.7 / epoch,
        "lr": 0.1,
    }
    for epoch in range(1, 9)
]
BINS = [CalibrationBin(0.3, 0.5, 10), CalibrationBin(1.0, 0.9, 90)]


def image_of(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_plots_of_the_same_numbers_are_the_same_bytes_whatever_the_users_style() -> None:
    def draw() -> list[bytes]:
        return [
            plots.curves(HISTORY, 2),
            plots.comparison([("a", HISTORY), ("b", HISTORY[:3])]),
            plots.confusion(np.array([[3, 1], [0, 4]]), ["a", "b"]),
            plots.reliability(BINS, 0.1),
        ]

    usual = draw()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        assert draw() == usual
        assert matplotlib.rcParams["font.size"] == 30  # the user's style stays as it was


def test_two_stages_are_told_apart() -> None:
    staged = [{**row, "stage": "head" if row["epoch"] <= 2 else "net"} for row in HISTORY]
    assert plots.curves(staged, 3) != plots.curves(HISTORY, 3)
    assert plots.curves([{**row, "stage": "head"} for row in HISTORY], 3) == plots.curves(HISTORY, 3)


@pytest.mark.parametrize("history", [HISTORY[:1], HISTORY])
@pytest.mark.parametrize("kept_epoch", [1, 9])
def test_runs_of_any_length_have_curves(history: Sequence[dict[str, Any]], kept_epoch: int) -> None:
    assert image_of(plots.curves(history, kept_epoch)).width > 1000


def test_the_epoch_that_was_kept_is_marked() -> None:
    assert plots.curves(HISTORY, 3) != plots.curves(HISTORY, 8)


@pytest.mark.parametrize("classes", [2, 10, 100, 300])
def test_confusions_of_any_number_of_classes_make_a_picture_of_ordinary_size(classes: int) -> None:
    picture = image_of(plots.confusion(np.eye(classes, dtype=np.int64), [f"class {i}" for i in range(classes)]))
    assert 400 < picture.width < 2500
    assert 400 < picture.height < 2500


def test_a_class_without_images_can_be_drawn() -> None:
    assert plots.confusion(np.array([[0, 0], [0, 4]]), ["a", "b"]).startswith(b"\x89PNG")


def test_names_that_look_like_formulas_or_lack_letters_are_drawn() -> None:
    assert plots.confusion(np.eye(2, dtype=np.int64), ["$x^{$", "猫"]).startswith(b"\x89PNG")
    assert plots.comparison([("_$x^{$", HISTORY)]).startswith(b"\x89PNG")
