from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.export.graph.graph_view import GraphView, Steps, attribute, input_name, is_set
from onnx import TensorProto, helper, numpy_helper

ONE, ZERO = np.array(1, np.float32), np.array(0, np.uint8)
TINY = np.finfo(np.float32).tiny


def graph(
    *nodes: onnx.NodeProto, given: tuple[str, ...] = ("x",), outputs: tuple[str, ...] = (), **constants: Any
) -> GraphView:
    """View of nodes and constants; `given` are the inputs of the graph."""
    inputs, last = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names] for names in (given, outputs)
    )
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    return GraphView(helper.make_model(helper.make_graph(list(nodes), "graph", inputs, last, tensors)))


@pytest.mark.parametrize(
    ("scale", "usable"),
    [
        (ONE, True),
        (np.array([1, 2], np.float32), True),
        (np.array(TINY), True),
        (np.array(np.nextafter(TINY, np.float32(0))), False),
        (np.array(-1, np.float32), False),
        (np.array([1, 0], np.float32), False),
        (np.array(np.inf, np.float32), False),
        (np.array([np.nan, 1], np.float32), False),
        (np.array(1, np.float64), False),
        (np.array(1, np.float16), False),
        (None, False),
    ],
)
def test_steps_are_usable_if_their_scales_are_normal_numbers(scale: Any, usable: bool) -> None:
    assert Steps(scale, ZERO).usable is usable
    assert Steps(scale, None).usable is False
    assert Steps(scale, ZERO).for_whole_tensor is (usable and scale.size == 1)
    assert Steps(scale, ZERO).one_scale == (float(scale) if usable and scale.size == 1 else None)


@pytest.mark.parametrize("kind", ["uint8", "int8", "int32"])
def test_steps_are_of_their_zero_points_kind(kind: str) -> None:
    assert Steps(ONE, np.zeros((), kind)).kind == kind
    assert Steps(ONE, None).kind == ""


def test_a_constant_is_what_no_caller_may_replace() -> None:
    view = graph(given=("x", "replaceable"), replaceable=ONE, fixed=np.array([3, 4], np.int8))
    fixed = view.constant("fixed")
    assert isinstance(fixed, np.ndarray)
    assert (fixed.tolist(), fixed.dtype) == ([3, 4], np.int8)
    assert view.constant("replaceable") is None
    assert view.constant("x") is None
    assert view.constant("") is None


def test_makers_and_readers_are_found_by_the_names_of_tensors() -> None:
    split = helper.make_node("Split", ["x"], ["a", "b"])
    add = helper.make_node("Add", ["b", "b"], ["c"])
    relu = helper.make_node("Relu", ["b"], ["d"])
    view = graph(split, add, relu, outputs=("c", "d"))
    assert view.nodes == [split, add, relu]
    assert view.outputs == {"c", "d"}
    assert view.maker("b", "Split") == split
    assert view.maker("a", "Split") == split
    assert view.maker("b", "Add") is None
    assert view.maker("x", "Split") is None
    assert view.readers("b") == [add, relu]  # each once
    assert view.readers("d") == []


def test_steps_are_read_at_their_place_and_along_their_axis() -> None:
    node = helper.make_node("QLinearAdd", ["x", "s", "z", "y", "t", "u"], ["c"])
    view = graph(node, s=ONE, z=ZERO, t=ONE * 2, u=np.array(7, np.int8))
    first, second = view.steps(node, 1), view.steps(node, 4)
    assert (first.scale, first.zero_point, first.axis, first.kind) == (1, 0, 1, "uint8")
    assert (second.scale, second.zero_point, second.axis, second.kind) == (2, 7, 1, "int8")
    along = helper.make_node("DequantizeLinear", ["x", "s", "z"], ["c"], axis=0)
    assert view.steps(along, 1).axis == 0


def test_a_zero_point_that_is_not_written_is_0_of_what_is_read_or_given() -> None:
    given = helper.make_node("QuantizeLinear", ["x", "s"], ["a"])
    read = helper.make_node("DequantizeLinear", ["w", "s"], ["b"])
    unknown = helper.make_node("DequantizeLinear", ["x", "s"], ["c"])
    other = helper.make_node("QLinearAdd", ["w", "s"], ["d"])
    written = helper.make_node("QuantizeLinear", ["w", "s", "z"], ["e"])
    from_outside = helper.make_node("DequantizeLinear", ["w", "s", "x"], ["f"])
    view = graph(given, s=ONE, w=np.array([5, 6], np.int8), z=np.array(9, np.int8))
    for node, kind in ((given, "uint8"), (read, "int8")):
        zero_point = view.steps(node, 1).zero_point
        assert zero_point is not None
        assert (zero_point.shape, zero_point.dtype, zero_point.item()) == ((), kind, 0)
    assert view.steps(unknown, 1).zero_point is None
    assert view.steps(other, 1).zero_point is None
    assert view.steps(written, 1).zero_point == 9
    assert view.steps(from_outside, 1).zero_point is None


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("QuantizeLinear", {"output_dtype": TensorProto.INT8}),
        ("QuantizeLinear", {"precision": TensorProto.FLOAT16}),
        ("DequantizeLinear", {"output_dtype": TensorProto.FLOAT16}),
        ("DequantizeLinear", {"block_size": 32, "axis": 1}),
    ],
)
def test_what_newer_operator_sets_say_of_steps_is_not_known(kind: str, attributes: dict[str, Any]) -> None:
    tensors = [numpy_helper.from_array(np.float32(0.5), "s"), numpy_helper.from_array(np.uint8(9), "z")]
    for inputs in (["x", "s"], ["x", "s", "z"]):
        node = helper.make_node(kind, inputs, ["y"], **attributes)
        view = GraphView(helper.make_model(helper.make_graph([node], "graph", [], [], tensors)))
        assert view.steps(node, 1) == Steps(None, None)


def test_inputs_and_attributes_that_are_not_there() -> None:
    node = helper.make_node("Gemm", ["x", "", "y"], ["z"], transB=1, beta=0.5)
    assert [input_name(node, index) for index in range(4)] == ["x", "", "y", ""]
    assert (attribute(node, "transB", 0), attribute(node, "beta", 1.0), attribute(node, "alpha", 1.0)) == (1, 0.5, 1.0)
    flags = helper.make_node("Gemm", ["x"], ["z"], transA=0, transB=1, other=2)
    assert [is_set(flags, name) for name in ("transA", "transB", "other", "absent")] == [False, True, True, False]
