"""Which functions are found in a graph, of how many inputs, and what is proven by them."""

import numpy as np
import onnx
import pytest
from edge_cifar.export.graph.graph_view import GraphView
from edge_cifar.export.proof.functions import functions, proven_outputs
from judged import CONSTANTS, NO_RULE, READ, ROUNDS, SAME, judged, node
from onnx import TensorProto, helper, numpy_helper

OTHER = node("DequantizeLinear", "x2 s z", "read2", name="r2")
MORE = {"gate": np.float32(1 / 256), "small": np.float32(0.010137), "two_bytes": np.array([[3, 200], [3, 3]], np.uint8)}
MORE |= {"half_one": np.float32(0.5), "factors": np.array([0.3, 0.7, 0.3], np.float32), "third": np.float32(0.031)}


def view(*nodes: onnx.NodeProto, outputs: str = "q") -> GraphView:
    """A view of a graph with constants by the names of `judged` and some more."""
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in (CONSTANTS | MORE).items()]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs.split()]
    return GraphView(helper.make_model(helper.make_graph(nodes, "graph", [], ends, tensors)))


def margins(*nodes: onnx.NodeProto) -> list[float]:
    return [function.margin() for function in functions(view(*nodes))]


ROUNDED = node("QuantizeLinear", "y gate z", "q")
OTHER_THIRD = node("DequantizeLinear", "x2 third nine", "read2", name="r2")
THIRD = node("DequantizeLinear", "x third nine", "read")


def test_a_function_of_one_tensor_has_256_inputs() -> None:
    [found] = functions(view(THIRD, node("Sigmoid", "read"), ROUNDED))
    assert found.output == "q"
    assert found.scale_names == ("gate", "third")
    levels = 256 / (1 + np.exp(-(np.arange(256) - 9) * float(np.float32(0.031))))
    assert found.margin() == pytest.approx(np.abs(levels - np.floor(levels) - 0.5).min(), abs=4e-4)


def test_scales_can_be_tried() -> None:
    [found] = functions(view(THIRD, node("Sigmoid", "read"), ROUNDED))
    assert found.margin({"gate": 1 / 128}) != found.margin() == found.margin({"small": 3.0})
    assert found.margin({"third": 0.04}) != found.margin()


def test_a_tensor_times_a_function_of_itself_is_one_input_and_of_another_are_two() -> None:
    silu = (THIRD, node("Sigmoid", "read", "a"), node("Mul", "read a"), node("QuantizeLinear", "y small z", "q"))
    [one] = margins(*silu)
    assert one > 0
    moved = node("Transpose", "read", "moved", perm=[1, 0])
    [two] = margins(THIRD, moved, node("Sigmoid", "moved", "a"), *silu[2:])
    assert two < one  # each with each
    [again] = margins(THIRD, moved, node("Sigmoid", "moved", "a"), node("Mul", "moved a"), silu[3])
    assert again == one  # moved alike
    for steps in ("third z", "small nine"):  # the same bytes that stand for other numbers
        other = node("DequantizeLinear", f"x {steps}", "other")
        assert margins(THIRD, other, node("Sigmoid", "other", "a"), *silu[2:]) != [one]


def test_what_is_moved_behind_a_function_is_no_longer_in_step_with_what_it_is_a_function_of() -> None:
    pooled, rounding = node("MaxPool", "read", "p", kernel_shape=[2, 2]), node("QuantizeLinear", "y small z", "q")
    of_both = (node("MaxPool", "a", "pa", kernel_shape=[2, 2]), node("Mul", "p pa"), rounding)
    [apart] = margins(THIRD, pooled, node("Abs", "read", "a"), *of_both)  # -9 and 8 in one window
    [alike] = margins(THIRD, pooled, node("Abs", "p", "pa"), *of_both[1:])
    assert apart < alike
    broadcast = (THIRD, node("Mul", "read factors", "a"), node("Transpose", "a", "m"), node("Transpose", "read", "r"))
    [turned] = margins(*broadcast, node("Mul", "m r"), rounding)  # of (3,) and (4, 1) only one is turned
    [straight] = margins(*broadcast[:2], node("Mul", "a read"), rounding)
    assert turned < straight
    [turned] = margins(*broadcast[:3], node("Sub", "m factors"), rounding)  # nor is a constant what it was
    [straight] = margins(*broadcast[:2], node("Sub", "a factors"), rounding)
    assert turned < straight


def test_constants_are_enumerated_as_far_as_they_occur() -> None:
    held = node("DequantizeLinear", "two_bytes third z", "held")
    rounding = node("QuantizeLinear", "y small z", "q")
    [bytes_of_two] = margins(THIRD, held, node("Mul", "read held"), rounding)
    [all_bytes] = margins(THIRD, OTHER_THIRD, node("Mul", "read read2"), rounding)
    assert bytes_of_two > all_bytes
    [factors] = margins(THIRD, node("Mul", "read factors"), rounding)
    assert factors > all_bytes
    halved = (THIRD, node("Mul", "read half_one", "a"))
    assert margins(*halved, node("Mul", "a third"), rounding) != margins(*halved, node("Mul", "a half_one"), rounding)


@pytest.mark.parametrize(
    "nodes",
    [
        (node("Sigmoid", "x"),),  # of what is no integer
        (READ, node("Softmax", "read")),
        (READ, node("Mul", "read double")),
        (node("DequantizeLinear", "x s minus", "read"), node("Sigmoid", "read")),
        (node("DequantizeLinear", "x channels zeros", "read"), node("Sigmoid", "read")),
        (READ, OTHER, node("Add", "read read2")),  # in fixed point on Arm
        (
            READ,
            OTHER,
            node("DequantizeLinear", "x3 s z", "read3"),
            node("Mul", "read read2", "a"),
            node("Mul", "a read3"),
        ),
    ],
)
def test_what_can_not_be_enumerated_is_no_function(nodes: tuple[onnx.NodeProto, ...]) -> None:
    assert functions(view(*nodes, ROUNDED)) == []


@pytest.mark.parametrize(
    "kind", ["Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "MaxPool", "Split", "Slice"]
)
def test_what_only_moves_numbers_changes_none_on_their_way(kind: str) -> None:
    sigmoid = node("Sigmoid", "read", "a")
    assert margins(THIRD, sigmoid, node(kind, "a"), ROUNDED) == margins(THIRD, node("Sigmoid", "read"), ROUNDED) != []


def test_a_sum_of_what_is_computed_is_no_sum_of_integers() -> None:
    assert len(margins(THIRD, node("Sigmoid", "read", "a"), node("Add", "read a"), ROUNDED)) == 1
    assert len(margins(THIRD, OTHER_THIRD, node("Sigmoid", "read2", "a"), node("Add", "a read"), ROUNDED)) == 1


def test_chains_are_followed_so_far_and_no_tensor_twice() -> None:
    def powers(count: int) -> list[onnx.NodeProto]:
        names = ["read", *(f"p{i}" for i in range(count - 1)), "y"]
        return [node("Mul", f"{names[i]} {names[i]}", names[i + 1]) for i in range(count)]

    def turned(count: int) -> list[onnx.NodeProto]:
        names = ["read", *(f"t{i}" for i in range(count - 1)), "y"]
        return [node("Transpose", names[i], names[i + 1]) for i in range(count)]

    for chain in (powers, turned):
        assert len(margins(THIRD, *chain(60), ROUNDED)) == 1
        assert margins(THIRD, *chain(70), ROUNDED) == []


def test_a_rounding_to_anything_but_uint8_is_no_function() -> None:
    for target in ("t minus", "channels zeros", "other z"):
        assert functions(view(READ, node("Sigmoid", "read"), node("QuantizeLinear", f"y {target}", "q"))) == []


@pytest.mark.parametrize(
    ("fused", "nodes"),
    [
        ("QLinearSigmoid x third nine gate z", (THIRD, node("Sigmoid", "read"))),
        ("QLinearMul x third nine x2 s z gate z", (THIRD, OTHER, node("Mul", "read read2"))),
    ],
)
def test_one_node_computes_what_several_do(fused: str, nodes: tuple[onnx.NodeProto, ...]) -> None:
    kind, _, inputs = fused.partition(" ")
    [found] = functions(view(node(kind, inputs, "q", domain="com.microsoft")))
    assert [found.margin()] == margins(*nodes, ROUNDED)


def test_a_sloped_table_reads_its_slope() -> None:
    sloped = [node("QLinearLeakyRelu", "x third nine small nine", "q", alpha=alpha) for alpha in (0.1, 0.1635)]
    assert len({functions(view(each))[0].margin() for each in sloped}) == 2
    assert (
        functions(view(sloped[0]))[0].margin()
        == margins(THIRD, node("LeakyRelu", "read", alpha=0.1), node("QuantizeLinear", "y small nine", "q")).pop()
    )


def test_a_node_is_proven_when_all_that_it_ends_in_is() -> None:
    swish = (THIRD, node("Sigmoid", "read", "a"), node("Mul", "read a"), node("QuantizeLinear", "y small z", "q"))
    assert proven_outputs(view(*swish)) == {"a", "y", "q"}
    elsewhere = node("Softmax", "a", "b")
    assert proven_outputs(view(*swish, elsewhere)) == {"y", "q"}
    assert proven_outputs(view(*swish, outputs="q a")) == {"y", "q"}
    tie = (READ, node("Mul", "read half_one"), node("QuantizeLinear", "y s z", "q"))
    assert proven_outputs(view(*tie)) == set()


def test_the_verdict_is_that_of_every_result() -> None:
    sigmoid = node("Sigmoid", "read", name="f")
    found = judged(THIRD_OF_JUDGED, sigmoid, node("QuantizeLinear", "y t z", "q"), kind="f")
    assert found.verdict is SAME
    assert found.reason == "each result is farther from a border than any CPU's error"
    assert judged(READ, node("Sigmoid", "read", name="f"), kind="f").verdict is ROUNDS
    joined = "s z x t nine x2 s z"
    assert judged(node("QLinearConcat", joined, domain="com.microsoft")).verdict is SAME
    for broken in ("s minus x t nine", "s z x t minus", "other z x t nine", "s z x other z"):
        assert judged(node("QLinearConcat", broken, domain="com.microsoft")).verdict is ROUNDS
    assert judged(node("QLinearMul", "x s z x2 s z rows z", domain="com.microsoft")).verdict is NO_RULE


THIRD_OF_JUDGED = node("DequantizeLinear", "x s nine", "read", name="r")
