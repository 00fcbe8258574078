from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.onnx_file.open_onnx import open_onnx
from foreign import net, save
from onnx import helper

OPSETS = [helper.make_opsetid("", 13), helper.make_opsetid("local", 1)]


def calls(kinds: Sequence[str]) -> list[onnx.NodeProto]:
    """A chain of nodes from x to y; what is no operator of ONNX is a function."""
    names = ["x", *(f"t{i}" for i in range(1, len(kinds))), "y"]
    return [
        helper.make_node(kind, [names[i]], [names[i + 1]], domain="" if kind == "Relu" else "local")
        for i, kind in enumerate(kinds)
    ]


def with_functions(functions: Mapping[str, Sequence[str]]) -> onnx.ModelProto:
    model = net([helper.make_node("F0", ["image"], ["scores"], domain="local")])
    for name, kinds in functions.items():
        model.functions.append(helper.make_function("local", name, ["x"], ["y"], calls(kinds), OPSETS))
    return model


def test_functions_take_the_place_of_their_calls(tmp_path: Path) -> None:
    model, _ = open_onnx(save(with_functions({"F0": ["F1", "Relu", "F1"], "F1": ["Relu", "Relu"]}), tmp_path))
    assert [node.op_type for node in model.graph.node] == ["Relu"] * 5
    assert not model.functions


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ({"F0": ["F0"]}, "call each other 51 deep"),
        ({"F0": ["F1"], "F1": ["Relu", "F0"]}, "call each other 51 deep"),
        ({"F8": ["Relu"] * 10} | {f"F{i}": [f"F{i + 1}"] * 10 for i in range(8)}, "more than 100,000 nodes"),
        ({"F0": ["Crop"]}, r"local\.Crop"),
    ],
)
def test_functions_without_an_end_or_of_others_are_refused(
    functions: Mapping[str, Sequence[str]], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=words):
        open_onnx(save(with_functions(functions), tmp_path))
