"""The rule that each node of a graph meets, and in which words: graphs as they are written, run by nobody."""

from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.export.proof.prove_graph import findings
from edge_cifar.export.proof.rules import Finding, Verdict
from onnx import TensorProto, helper, numpy_helper

ROWS = np.array([[64, 64], [-127, 1], [5, -60]], np.int8)  # (O, I), within the rule
OVER = np.array([[64, 65], [0, 0], [0, 0]], np.int8)  # neighbours along the inputs, but not along the outputs
CONSTANTS = {
    "s": np.float32(0.5),
    "t": np.float32(0.25),
    "z": np.uint8(0),
    "nine": np.uint8(9),
    "minus": np.int8(0),
    "channels": np.full(3, 0.5, np.float32),
    "zeros": np.zeros(3, np.int8),
    "no_bias": np.zeros(3, np.int32),
    "float_bias": np.ones(3, np.float32),
    "bytes": np.zeros((3, 2), np.uint8),
    "floats": np.ones((3, 2), np.float32),
    "half": np.ones((3, 2), np.float16),
    "double": np.ones((3, 2), np.float64),
    "shape": np.array([1, -1]),
    "two": np.ones(2, np.int32),
    "int32": np.ones((3, 2), np.int32),
    "scalar32": np.int32(3),
    "kernel": ROWS[:, :, None, None],
    "kernel_over": OVER[:, :, None, None],
    "rows": ROWS,
    "rows_over": OVER,
    "columns": ROWS.T,
    "columns_over": OVER.T,
}

SAME, ROUNDS, OVERFLOW, NO_RULE = Verdict.SAME_BITS, Verdict.ROUNDING, Verdict.OVERFLOW, Verdict.NO_RULE
EXACT = Finding(SAME, "sums exact in 32 bits, rounded once")
FLOAT_SUMS = Finding(ROUNDS, "float sums")
STAYS_FLOAT = Finding(ROUNDS, "its output stays float")
SIXTEEN = Finding(OVERFLOW, "products of its weights may leave 16 bits")
AXIS = Finding(NO_RULE, "its weights' scales are not one for all or one for each output channel")


def node(kind: str, inputs: str, output: str = "y", domain: str = "", **attributes: Any) -> onnx.NodeProto:
    """A node of inputs such as "x s z", where "-" is one left out."""
    names = [name.replace("-", "") for name in inputs.split()]
    return helper.make_node(kind, names, output.split(), domain=domain, **attributes)


def judged(*nodes: onnx.NodeProto, kind: str = "", outputs: str = "last") -> Finding:
    """The finding of the node that is not named, or of the first of a kind."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs.split()]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in CONSTANTS.items()]
    found = findings(helper.make_model(helper.make_graph(nodes, "graph", [], ends, tensors)))
    assert len(found) == len(nodes)
    return next(finding for name, finding in found if name == (kind or nodes[-1].op_type))


READ = node("DequantizeLinear", "x s z", "read", name="r")
WEIGHTS = node("DequantizeLinear", "kernel channels zeros", "weights", name="w", axis=0)
ROUNDING = node("QuantizeLinear", "y t z", "given", name="q")


def weights(tensor: str, axis: int) -> onnx.NodeProto:
    return node("DequantizeLinear", f"{tensor} channels zeros", "weights", name="w", axis=axis)


@pytest.mark.parametrize(
    "kind",
    [
        *("Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity"),
        *("MaxPool", "NhwcMaxPool", "Relu", "Clip"),
    ],
)
def test_what_moves_or_compares_numbers_is_the_same(kind: str) -> None:
    assert judged(node(kind, "x")) == Finding(SAME, "moves or compares numbers")
    assert judged(node(kind, "x", domain="com.microsoft.nchwc")).verdict is SAME


def test_operators_of_unknown_makers_have_no_rule() -> None:
    assert judged(node("Relu", "x", domain="com.example")) == Finding(NO_RULE, "Relu has no rule")
    for domain in ("", "ai.onnx", "com.microsoft", "com.microsoft.nchwc"):
        assert judged(node("Relu", "x", domain=domain)).verdict is SAME


def test_a_node_with_graphs_inside_has_no_rule() -> None:
    inner = helper.make_graph([], "inner", [], [])
    assert judged(node("Relu", "x", body=inner)) == Finding(NO_RULE, "Relu has no rule")
    assert judged(node("Relu", "x", bodies=[inner])) == Finding(NO_RULE, "Relu has no rule")
    assert judged(node("Relu", "x", alpha=1.0)).verdict is SAME


def test_every_node_is_named_and_judged_in_order() -> None:
    graph = helper.make_graph([READ, node("Relu", "read"), node("Tanh", "y", "z", name="last")], "graph", [], [])
    names = [(name, finding.verdict) for name, finding in findings(helper.make_model(graph))]
    assert names == [("r", ROUNDS), ("Relu", SAME), ("last", ROUNDS)]


@pytest.mark.parametrize("kind", ["QuantizeLinear", "DequantizeLinear"])
def test_conversions_are_one_operation(kind: str) -> None:
    assert judged(node(kind, "x s z")) == Finding(SAME, "one operation a number")
    assert judged(node(kind, "x other z")).verdict is ROUNDS
    other = "it rounds to something other than 8 bits"
    assert judged(node("QuantizeLinear", "x s scalar32")) == Finding(ROUNDS, other)
    assert judged(node("DequantizeLinear", "x s scalar32")).verdict is SAME


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ("x s z kernel channels zeros t z", EXACT),
        ("x s z kernel s minus t z", EXACT),
        ("x s z kernel s minus t z no_bias", EXACT),
        ("x s z kernel s minus t z float_bias", Finding(ROUNDS, "its bias is float")),
        ("x s z kernel s minus t z other", Finding(ROUNDS, "its bias is float")),
        ("x s z kernel_over s minus t z", SIXTEEN),
        ("x s minus kernel s minus t z", Finding(NO_RULE, "its input is not uint8 of one constant scale")),
        ("x s z kernel s minus t minus", Finding(NO_RULE, "its output is not uint8 of one constant scale")),
        ("x s z kernel s minus", Finding(NO_RULE, "its output is not uint8 of one constant scale")),
        ("x s z other s minus t z", Finding(NO_RULE, "its weights are no int8 constants")),
        (
            "x s z kernel s z t z",
            Finding(NO_RULE, "its weights have no constant scales, or a zero point other than 0"),
        ),
    ],
)
def test_a_convolution_in_the_older_notation(inputs: str, found: Finding) -> None:
    assert judged(node("QLinearConv", inputs)) == found


@pytest.mark.parametrize(
    ("inputs", "transposed", "found"),
    [
        ("x s z rows s minus - t z", 1, EXACT),
        ("x s z rows s minus", 1, EXACT),
        ("x s z rows s minus -", 1, EXACT),
        ("x s z rows s minus no_bias", 1, EXACT),
        ("x s z rows s minus float_bias t z", 1, Finding(ROUNDS, "its bias is float")),
        ("x s z rows s minus - t minus", 1, Finding(NO_RULE, "its output is not uint8 of one constant scale")),
        ("x s z rows channels zeros", 1, EXACT),
        ("x s z columns channels zeros", 0, EXACT),
        ("x s z rows_over s minus", 1, SIXTEEN),
        ("x s z rows_over s minus", 0, EXACT),
        ("x s z columns_over s minus", 0, SIXTEEN),
        ("x s z columns_over s minus", None, SIXTEEN),
        ("x s z columns_over s minus", 1, EXACT),
        ("x s z other s minus", 0, Finding(NO_RULE, "its weights are no int8 constants")),
        ("x s z other s minus", 1, Finding(NO_RULE, "its weights are no int8 constants")),
    ],
)
def test_a_dense_layer_in_the_older_notation(inputs: str, transposed: int | None, found: Finding) -> None:
    attributes = {} if transposed is None else {"transB": transposed}
    assert judged(node("QGemm", inputs, domain="com.microsoft", **attributes)) == found


def test_sums_and_means_in_the_older_notation() -> None:
    def added(inputs: str) -> Finding:
        return judged(node("QLinearAdd", inputs, domain="com.microsoft"))

    def averaged(inputs: str) -> Finding:
        return judged(node("QLinearGlobalAveragePool", inputs, domain="com.microsoft"))

    assert added("a s z b s nine s z") == Finding(SAME, "whole steps of one scale")
    for inputs in ("a t z b s z s z", "a s z b t z s z", "a s z b s z t z"):
        assert added(inputs) == Finding(ROUNDS, "it adds in float: its input and output have different scales")
    assert added("a s z b s minus s z") == Finding(ROUNDS, "it adds what is not uint8")
    assert averaged("a s z t nine") == Finding(SAME, "a sum in 32 bits, rounded once")
    for inputs in ("a s minus t z", "a s z t minus", "a other z t z", "a s z other z"):
        assert averaged(inputs) == Finding(ROUNDS, "its mean is not of uint8 with constant scales")


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ("read weights", EXACT),
        ("read weights no_bias", EXACT),
        ("read weights integer_bias", EXACT),
        ("read weights float_bias", Finding(ROUNDS, "its bias is float")),
        ("read weights other", Finding(ROUNDS, "its bias is float")),
        ("x weights", FLOAT_SUMS),
        ("x floats", FLOAT_SUMS),
        ("read floats", Finding(NO_RULE, "its float weights are rounded to int8 when the file is loaded")),
    ],
)
def test_a_convolution_between_conversions(inputs: str, found: Finding) -> None:
    bias = node("DequantizeLinear", "no_bias channels", "integer_bias", name="b", axis=0)
    assert judged(READ, WEIGHTS, bias, node("Conv", inputs), ROUNDING, kind="Conv") == found


def test_a_convolution_whose_float_weights_nothing_rounds_is_float() -> None:
    assert judged(READ, node("Conv", "read floats")) == FLOAT_SUMS


def test_neighbouring_weights_of_a_convolution_are_seen() -> None:
    over = weights("kernel_over", 0)
    assert judged(READ, over, node("Conv", "read weights"), ROUNDING, kind="Conv") == SIXTEEN
    assert judged(READ, over, node("Conv", "read weights")) == SIXTEEN  # though its output stays float
    assert judged(READ, weights("other", 0), node("Conv", "read weights")) == Finding(
        NO_RULE, "its weights are no int8 constants"
    )


def test_a_scale_for_each_channel_lies_along_the_outputs() -> None:
    conv, gemm = node("Conv", "read weights"), node("Gemm", "read weights", transB=1)
    assert judged(READ, weights("kernel", 1), conv, ROUNDING, kind="Conv") == AXIS
    assert judged(READ, weights("rows", 0), gemm, ROUNDING, kind="Gemm") == EXACT
    assert judged(READ, weights("rows", 1), gemm, ROUNDING, kind="Gemm") == AXIS
    for rows in (node("Gemm", "read weights"), node("Gemm", "read weights", transB=0)):
        assert judged(READ, weights("columns", 1), rows, ROUNDING, kind="Gemm") == EXACT
        assert judged(READ, weights("columns", 0), rows, ROUNDING, kind="Gemm") == AXIS


def test_rows_and_columns_of_a_dense_layer_are_told_apart() -> None:
    def dense(tensor: str, transposed: int, axis: int) -> Finding:
        layer = node("Gemm", "read weights", transB=transposed)
        return judged(READ, weights(tensor, axis), layer, ROUNDING, kind="Gemm")

    assert dense("rows_over", 1, 0) == SIXTEEN
    assert dense("columns_over", 0, 1) == SIXTEEN
    assert judged(READ, node("DequantizeLinear", "rows_over s minus", "weights"), node("Gemm", "read weights")) == EXACT


CONV, GEMM = node("Conv", "read weights"), node("Gemm", "read weights", transB=1)


@pytest.mark.parametrize(
    ("behind", "conv", "gemm"),
    [
        ((), STAYS_FLOAT, EXACT),
        ((ROUNDING,), EXACT, EXACT),
        ((node("Relu", "y", "a"), node("QuantizeLinear", "a t z", "b")), EXACT, EXACT),
        ((node("Relu", "y", "a"), node("QuantizeLinear", "a t nine", "b")), STAYS_FLOAT, STAYS_FLOAT),
        ((node("Clip", "y", "a"), node("QuantizeLinear", "a t z", "b")), STAYS_FLOAT, STAYS_FLOAT),
        (
            (node("Relu", "y", "a"), node("Relu", "a", "b"), node("QuantizeLinear", "b t z", "c")),
            STAYS_FLOAT,
            STAYS_FLOAT,
        ),
        ((node("QuantizeLinear", "y t nine", "b"),), EXACT, EXACT),
        ((node("Tanh", "y", "a"), node("QuantizeLinear", "a t z", "b")), STAYS_FLOAT, EXACT),
        ((ROUNDING, node("QuantizeLinear", "y t z", "b")), STAYS_FLOAT, STAYS_FLOAT),
        ((ROUNDING, node("Tanh", "y", "b")), STAYS_FLOAT, STAYS_FLOAT),
        ((node("Clip", "y", "b"), node("Tanh", "y", "a")), STAYS_FLOAT, STAYS_FLOAT),
        ((node("QuantizeLinear", "y t other", "b"),), STAYS_FLOAT, STAYS_FLOAT),
        ((node("Relu", "y", "a"), node("QuantizeLinear", "a t other", "b")), STAYS_FLOAT, STAYS_FLOAT),
        (
            (node("Relu", "y", "a"), node("QuantizeLinear", "a t z", "b"), node("Tanh", "a", "c")),
            STAYS_FLOAT,
            STAYS_FLOAT,
        ),
        (
            (node("QuantizeLinear", "y t minus", "b"),),
            Finding(NO_RULE, "its output is not uint8 of one constant scale"),
            Finding(NO_RULE, "its output is not uint8 of one constant scale"),
        ),
    ],
)
def test_what_is_behind_a_layer_decides_how_its_sums_leave(
    behind: tuple[onnx.NodeProto, ...], conv: Finding, gemm: Finding
) -> None:
    assert judged(READ, WEIGHTS, CONV, *behind, kind="Conv") == conv
    assert judged(READ, weights("rows", 0), GEMM, *behind, kind="Gemm") == gemm


def test_what_a_caller_sees_is_not_fused_with_its_rounding() -> None:
    assert judged(READ, WEIGHTS, CONV, ROUNDING, kind="Conv", outputs="y") == STAYS_FLOAT
    clipped = (node("Relu", "y", "a"), node("QuantizeLinear", "a t z", "b"))
    assert judged(READ, WEIGHTS, CONV, *clipped, kind="Conv", outputs="a") == STAYS_FLOAT


def test_a_dense_layer_that_scales_its_bias_or_turns_its_input_is_another() -> None:
    read = (READ, weights("rows", 0))
    assert judged(*read, node("Gemm", "read weights", transB=1, beta=0.5), ROUNDING, kind="Gemm") == STAYS_FLOAT
    assert judged(*read, node("Gemm", "read weights", transB=1, beta=1.0), ROUNDING, kind="Gemm") == EXACT
    assert judged(*read, node("Gemm", "read weights", transB=1, transA=0), ROUNDING, kind="Gemm") == EXACT
    turned = node("Gemm", "read weights", transB=1, transA=1)
    assert judged(*read, turned, ROUNDING, kind="Gemm") == Finding(NO_RULE, "its input is transposed")


def test_int8_weights_times_float_may_be_computed_in_int8() -> None:
    in_int8 = Finding(NO_RULE, "float times int8 weights (I, O) may be computed in int8")
    assert judged(weights("columns", 1), node("Gemm", "x weights")) == in_int8
    assert judged(weights("columns", 1), node("Gemm", "x weights", transB=0)) == in_int8
    assert judged(weights("rows", 0), node("Gemm", "x weights", transB=1)) == FLOAT_SUMS
    assert judged(WEIGHTS, node("Conv", "x weights")) == FLOAT_SUMS
    assert judged(node("Gemm", "x floats")) == FLOAT_SUMS


def test_sums_and_means_between_conversions() -> None:
    other = node("DequantizeLinear", "x2 s nine", "read2", name="r2")
    wider = node("DequantizeLinear", "x2 t z", "read2", name="r2")
    add, mean = node("Add", "read read2"), node("GlobalAveragePool", "read")
    rounding = node("QuantizeLinear", "y s z", "given", name="q")
    different = Finding(ROUNDS, "it adds in float: its input and output have different scales")
    assert judged(READ, other, add, rounding, kind="Add") == Finding(SAME, "whole steps of one scale")
    assert judged(READ, wider, add, rounding, kind="Add") == different
    assert judged(READ, wider, node("Add", "read2 read"), rounding, kind="Add") == different
    assert judged(READ, other, add, ROUNDING, kind="Add") == different
    assert judged(READ, other, add) == FLOAT_SUMS
    assert judged(READ, node("Add", "read floats"), rounding, kind="Add") == FLOAT_SUMS
    assert judged(READ, mean, ROUNDING, kind="GlobalAveragePool") == Finding(SAME, "a sum in 32 bits, rounded once")
    assert judged(READ, mean) == FLOAT_SUMS
    assert judged(node("GlobalAveragePool", "x"), ROUNDING, kind="GlobalAveragePool") == FLOAT_SUMS


@pytest.mark.parametrize("kind", ["FusedConv", "FusedGemm"])
def test_fused_float_layers_round(kind: str) -> None:
    assert judged(node(kind, "x rows")) == FLOAT_SUMS


@pytest.mark.parametrize("kind", ["ConvInteger", "MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"])
@pytest.mark.parametrize(
    ("inputs", "alike"),
    [
        ("x bytes", True),
        ("x bytes z", True),
        ("x bytes floats", True),
        ("x bytes - minus", False),
        ("x rows", False),
        ("x bytes rows", False),
        ("x floats", False),
        ("x y", False),
    ],
)
def test_scales_found_as_it_runs_round_where_both_sides_are_uint8(kind: str, inputs: str, alike: bool) -> None:
    rounds = Finding(ROUNDS, "the scale of its input is found in float")
    assert judged(node(kind, inputs, "out")) == (rounds if alike else Finding(NO_RULE, f"{kind} has no rule"))


@pytest.mark.parametrize(
    ("inputs", "known"),
    [
        ("x", True),
        ("x floats half double shape", True),
        ("x scalar32", True),
        ("x minus", False),
        ("x z", True),
        ("x rows", False),
        ("x int32", False),
        ("x two", False),
        ("x bytes", False),
        ("read", True),
        ("read weights", False),
        ("read minus_read", False),
        ("read bytes_read", False),
    ],
)
def test_operators_without_a_rule_round_in_float_and_may_do_anything_in_integers(inputs: str, known: bool) -> None:
    minus = node("DequantizeLinear", "x s minus", "minus_read", name="m")
    held = node("DequantizeLinear", "bytes s z", "bytes_read", name="h")
    found = judged(READ, WEIGHTS, minus, held, node("Softmax", inputs))
    float_words, words = "Softmax is computed in float", "Softmax of integers has no rule"
    assert found == (Finding(ROUNDS, float_words) if known else Finding(NO_RULE, words))
