from pathlib import Path

import pytest
from edge_cifar.edge.model import Model
from edge_cifar.edge.shipped import FAMILY, model_file


@pytest.mark.parametrize("name", FAMILY)
def test_a_name_stands_for_the_int8_file_in_the_package(name: str) -> None:
    card = Model(model_file(name)).card
    assert (card.net, card.precision) == (name, "int8")


def test_anything_else_is_a_path() -> None:
    assert model_file("nano.onnx") == Path("nano.onnx")
    assert model_file("./nano") == Path("nano")
    assert model_file(Path("nano")) == Path("nano")
