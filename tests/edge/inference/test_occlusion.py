from dataclasses import replace

import numpy as np
import pytest
from edge_cifar.edge.inference.occlusion import explain
from edge_cifar.edge.model.contract import Model
from PIL import Image

SIZE = 16


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
