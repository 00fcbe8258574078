"""The rule that each node of a graph meets, and in which words: graphs as they are written, run by nobody."""

import pytest
from edge_cifar.export.proof.prove_graph import findings
from edge_cifar.export.proof.rules import Finding
from judged import EXACT, FLOAT_SUMS, NO_RULE, READ, ROUNDS, SAME, SIXTEEN, WEIGHTS, judged, node
from onnx import helper


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
