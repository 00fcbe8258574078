import io
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.inference.occlusion import explain
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.results.heat_map import draw_heat, write_heat
from PIL import Image

SIZE = 16


def test_where_nothing_speaks_for_the_guess_nothing_is_drawn(corner_model: Model, bright_corner: Image.Image) -> None:
    explanation = explain(corner_model, bright_corner.rotate(180))
    assert explanation.guess == "cat"  # whose logit is always 0
    assert np.array_equal(np.asarray(draw_heat(bright_corner, explanation.heat)), np.asarray(bright_corner))


def test_the_map_is_laid_over_the_upright_photo(corner_model: Model, bright_corner: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    stored = io.BytesIO()
    bright_corner.rotate(180).save(stored, "PNG", exif=exif)  # upside down
    explanation = explain(corner_model, stored.getvalue())
    assert explanation.guess == "dog"
    drawn = np.asarray(draw_heat(stored.getvalue(), explanation.heat))
    assert drawn.shape == (200, 400, 3)
    assert drawn[50, 100].tolist() != [255, 255, 255]  # hot
    assert drawn[150, 300].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("size", "drawn"), [((32, 16), (256, 128)), ((3000, 1000), (1024, 341)), ((300, 1), (300, 1))])
def test_the_drawn_map_is_large_enough_to_see_and_small_enough_to_send(
    size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    assert draw_heat(Image.new("RGB", size), np.zeros((SIZE, SIZE))).size == drawn


def test_the_map_is_written_as_png(corner_model: Model, bright_corner: Image.Image, tmp_path: Path) -> None:
    write_heat(corner_model, bright_corner, tmp_path / "heat.png")
    with Image.open(tmp_path / "heat.png") as image:
        assert (image.format, image.size) == ("PNG", (400, 200))


def test_a_folder_that_cannot_be_written_is_named(
    corner_model: Model, bright_corner: Image.Image, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EdgeCifarError, match=r"cannot write .*heat\.png"):
        write_heat(corner_model, bright_corner, tmp_path / "file" / "heat.png")
