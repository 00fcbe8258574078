"""The rules of layers between DequantizeLinear and QuantizeLinear, which onnxruntime fuses."""

import onnx
import pytest
from edge_cifar.export.proof.rules import Finding
from judged import (
    AXIS,
    EXACT,
    FLOAT_SUMS,
    NO_RULE,
    READ,
    ROUNDING,
    ROUNDS,
    SAME,
    SIXTEEN,
    STAYS_FLOAT,
    WEIGHTS,
    judged,
    node,
    weights,
)


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


@pytest.mark.parametrize("alpha", [0.5, float("inf"), float("nan"), 1e-40])
def test_a_dense_layer_with_a_factor_of_its_own_has_no_rule(alpha: float) -> None:
    found = Finding(NO_RULE, "its sums are multiplied by alpha, too")
    dense = node("Gemm", "read weights", transB=1, alpha=alpha)
    assert judged(READ, node("DequantizeLinear", "rows s minus", "weights"), dense, ROUNDING, kind="Gemm") == found
    assert judged(node("QGemm", "x s z rows s minus no_bias t z", transB=1, alpha=alpha)) == found


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
    assert judged(READ, node("Add", "read floats"), kind="Add") == FLOAT_SUMS
    assert judged(READ, mean, ROUNDING, kind="GlobalAveragePool") == Finding(SAME, "a sum in 32 bits, rounded once")
    assert judged(READ, mean) == FLOAT_SUMS
    assert judged(node("GlobalAveragePool", "x"), ROUNDING, kind="GlobalAveragePool") == FLOAT_SUMS
