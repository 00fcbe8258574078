"""Moving scales until functions are proven, and no farther."""

import numpy as np
import onnx
import pytest
from edge_cifar.export.graph.graph_view import GraphView
from edge_cifar.export.proof.functions import functions
from edge_cifar.export.quantization.proven_scales import (
    STEP,
    STEPS,
    has_functions,
    proven_scales,
    without_weights,
)
from edge_cifar.export.quantization.residual_sums import sum_overrides
from foreign_like import NETS
from onnx import TensorProto, helper, numpy_helper

TIED, ZERO = np.float32(1 / 255), np.uint8(0)  # a sigmoid of 0 is on a border


def rounded(*nodes: str, scales: dict[str, float] | None = None) -> onnx.ModelProto:
    """A QDQ graph of nodes such as "Sigmoid x y": what they read is dequantized, what they give is quantized."""
    made, tensors = [], {"zero": ZERO}
    for words in nodes:
        kind, *reads, gives = words.split()
        for name in reads:
            tensors[f"{name}_scale"] = np.float32((scales or {}).get(name, 0.031))
            made.append(helper.make_node("DequantizeLinear", [f"{name}_q", f"{name}_scale", "zero"], [f"{name}_d"]))
        tensors[f"{gives}_scale"] = np.float32((scales or {}).get(gives, TIED))
        made.append(helper.make_node(kind, [f"{name}_d" for name in reads], [gives]))
        made.append(helper.make_node("QuantizeLinear", [gives, f"{gives}_scale", "zero"], [f"{gives}_q"]))
    last = helper.make_tensor_value_info(made[-1].output[0], TensorProto.UINT8, None)
    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()]
    return helper.make_model(helper.make_graph(made, "graph", [], [last], constants))


def margins(model: onnx.ModelProto, moved: dict[str, float]) -> list[float]:
    return [function.margin(moved) for function in functions(GraphView(model))]


def tried(found: dict) -> dict[str, float]:
    return {f"{name}_scale": float(entry["scale"]) for name, [entry] in found.items()}


def test_the_scale_of_what_is_not_proven_is_moved_a_little() -> None:
    model = rounded("Sigmoid x y")
    assert margins(model, {})[0] < 0
    found = proven_scales(model, [])
    assert found.keys() == {"y"}
    [entry] = found["y"]
    assert (entry["scale"].dtype, entry["zero_point"].dtype, int(entry["zero_point"])) == (np.float32, np.uint8, 0)
    assert 0 < abs(float(entry["scale"]) / TIED - 1) < STEP * STEPS
    assert margins(model, tried(found))[0] > 0


def test_what_is_proven_stays_as_it_is() -> None:
    assert proven_scales(rounded("Sigmoid x y", scales={"y": 1 / 250}), []) == {}


def test_tensors_of_one_scale_move_together_and_others_stay_proven() -> None:
    model = rounded("Sigmoid x y", "Sigmoid y z", "Mul y z w", scales={"y": 1 / 256})
    found = proven_scales(model, [{"z", "w"}])
    assert float(found["z"][0]["scale"]) == float(found["w"][0]["scale"])
    assert all(margin > 0 for margin in margins(model, tried(found)))


def test_the_scale_that_is_read_moves_where_that_which_is_given_can_not_help() -> None:
    model = rounded("Relu v x", "Mul x x y", scales={"x": 0.5, "y": 0.5})  # halves of squares, whatever is tried of one
    found = proven_scales(model, [{"x", "y"}])
    assert found.keys() == {"x", "y"}
    assert margins(model, tried(found))[-1] > 0


def test_a_scale_that_nobody_rounds_to_is_not_moved() -> None:
    found = proven_scales(rounded("Sigmoid x y"), [])
    assert "x" not in found


@pytest.mark.parametrize(("name", "expected"), [("mobile", True), ("efficient", True), ("shuffled", False)])
def test_nets_without_functions_need_no_draft(name: str, expected: bool) -> None:
    assert has_functions(NETS[name]()) is expected


def test_a_draft_has_the_nodes_and_shapes_of_its_model() -> None:
    model = NETS["mobile"]()
    draft = without_weights(model)
    assert list(draft.graph.node) == list(model.graph.node)
    assert len(draft.SerializeToString()) < len(model.SerializeToString())
    shapes = {value.name: value.type for value in onnx.shape_inference.infer_shapes(model).graph.value_info}
    assert {value.name: value.type for value in draft.graph.value_info} == shapes


def test_what_is_joined_has_one_scale_unless_several_read_it() -> None:
    nodes = [
        helper.make_node(kind, reads.split(), [gives])
        for kind, reads, gives in [("Concat", "a b", "c"), ("Split", "c", "d"), ("Concat", "d e", "f")]
    ]
    found = {name: (0.0, float(i + 1)) for i, name in enumerate("abcef")}
    scales = sum_overrides(helper.make_model(helper.make_graph(nodes, "graph", [], [])), found)
    assert {float(entry["scale"]) for [entry] in scales.values()} == {float(np.float32(5 / 255))}
    assert scales.keys() == set("abcef")
    nodes.append(helper.make_node("Concat", ["a", "e"], ["g"]))  # as dense blocks do
    scales = sum_overrides(helper.make_model(helper.make_graph(nodes, "graph", [], [])), {**found, "g": (0.0, 9.0)})
    assert {name: float(entry["scale"]) for name, [entry] in scales.items()} == {
        **dict.fromkeys("bcf", float(np.float32(5 / 255))),
        "g": float(np.float32(9 / 255)),
    }
