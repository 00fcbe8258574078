import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.inference.occlusion import draw_heat, explain, write_heat
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.session import Model
from onnx import ModelProto, TensorProto, helper, numpy_helper
from PIL import Image

from ..conftest import WriteSealed

SIZE = 16


@pytest.fixture
def corner_model(small_card: ModelCard, write_sealed: WriteSealed) -> Model:
    """A model that says dog the brighter the upper left quarter of 16 x 16 pixels is: its mean, less 50."""
    weights = np.zeros((SIZE, SIZE, 4, 2), np.float32)
    weights[:8, :8, 0, 1] = 1 / 64
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["float"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
        ],
        "corner",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])],
        [
            numpy_helper.from_array(weights.reshape(-1, 2), "weights"),
            numpy_helper.from_array(np.array([0, -50], np.float32), "bias"),
        ],
    )
    model: ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    return Model(write_sealed(model, replace(small_card, size=SIZE)))


@pytest.fixture
def bright_corner() -> Image.Image:
    """Black but for its upper left quarter, which is white."""
    image = Image.new("RGB", (400, 200))
    image.paste((255, 255, 255), (0, 0, 200, 100))
    return image


def test_the_heat_lies_where_the_model_looks(corner_model: Model, bright_corner: Image.Image) -> None:
    explanation = explain(corner_model, bright_corner)
    assert explanation.guess == "dog"
    assert explanation.confidence == pytest.approx(1)
    assert explanation.heat.shape == (SIZE, SIZE)
    assert explanation.heat[2:6, 2:6].min() > 5
    assert np.abs(explanation.heat[12:, 12:]).max() == 0


def test_what_speaks_against_the_guess_is_negative(corner_model: Model, bright_corner: Image.Image) -> None:
    bright_corner.paste((0, 0, 0), (0, 0, 100, 50))  # a dark spot where the model looks
    explanation = explain(corner_model, bright_corner)
    assert explanation.guess == "dog"
    assert explanation.heat[0, 0] < 0 < explanation.heat[6, 6]


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


def test_the_map_is_the_same_however_many_places_are_looked_at_together(
    corner_model: Model, bright_corner: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = explain(corner_model, bright_corner).heat
    monkeypatch.setattr("edge_cifar.edge.inference.occlusion.BATCH", 7)
    assert np.allclose(explain(corner_model, bright_corner).heat, together)


def test_the_probability_is_that_of_the_temperature_on_the_card(
    corner_model: Model, bright_corner: Image.Image
) -> None:
    sharp = explain(corner_model, bright_corner)
    corner_model.card = replace(corner_model.card, temperature=100.0)
    logit = 255 - 50  # of the dog, but for a blurred edge, the cat's being 0
    assert sharp.confidence == pytest.approx(1)
    assert explain(corner_model, bright_corner).confidence == pytest.approx(1 / (1 + np.exp(-logit / 100)), abs=0.01)
