from pathlib import Path

import pytest
from edge_cifar.edge.shipped import FAMILY, SHIPPED, model_file


@pytest.mark.parametrize("name", FAMILY)
def test_a_name_is_the_int8_file_in_the_package(name: str) -> None:
    assert model_file(name) == SHIPPED / f"{name}.int8.onnx"


def test_anything_else_is_a_path() -> None:
    assert model_file("nano.onnx") == Path("nano.onnx")
    assert model_file("./nano") == Path("nano")
    assert model_file(Path("nano")) == Path("nano")
