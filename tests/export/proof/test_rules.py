from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from edge_cifar.export.graph.graph_view import Steps
from edge_cifar.export.proof.rules import (
    SMALLEST_NORMAL,
    Finding,
    Verdict,
    WeightedLayer,
    addition,
    conversion,
    global_mean,
    node_name,
    weighted_layer,
)
from onnx import helper


def steps(scale: Any = 0.5, zero_point: Any = 0, kind: str = "uint8", axis: int = 1) -> Steps:
    return Steps(np.asarray(scale, np.float32), np.asarray(zero_point, kind), axis)


WEIGHT = np.array([[64, 64], [-127, 1]], np.int8)
LAYER = WeightedLayer(
    name="dense",
    input=steps(),
    weight=WEIGHT,
    weight_steps=steps([0.25, 0.5], [0, 0], "int8", axis=0),
    channel_axis=0,
    has_bias=True,
    bias=np.array([3, 4], np.int32),
    output=steps(2.0),
)
SOUND = Finding(Verdict.SAME_BITS, "sums exact in 32 bits, rounded once")
PER_CHANNEL = steps([0.5, 0.5])
FROM_OUTSIDE = Steps(None, np.array(0, np.uint8))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"output": None},
        {"has_bias": False, "bias": None},
        {"weight_steps": steps(0.5, 0, "int8", axis=3)},  # of one scale, along no axis
        {"weight_steps": steps([0.5], [0], "int8", axis=3)},
        {"weight_steps": steps([0.5, 0.5], [0, 0], "int8", axis=1), "channel_axis": 1},
        {"input": steps(3.0, 128), "output": steps(3.0, 255)},
    ],
)
def test_a_layer_in_integers_is_the_same_everywhere(changes: dict[str, Any]) -> None:
    assert weighted_layer(replace(LAYER, **changes)) == SOUND


NO_CONSTANTS = "its weights are no int8 constants"
INPUT = "its input is not uint8 of one constant scale"
OUTPUT = "its output is not uint8 of one constant scale"
WEIGHTS = "its weights have no constant scales, or a zero point other than 0"
SCALES = "its weights' scales are not one for all or one for each output channel"
NOT_NORMAL = "a scale of its sums is not a normal float32"
BEYOND = Finding(Verdict.OVERFLOW, "its sums may leave 32 bits")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"weight": None}, NO_CONSTANTS),
        ({"weight": WEIGHT.astype(np.uint8)}, NO_CONSTANTS),
        ({"weight": WEIGHT.astype(np.float32)}, NO_CONSTANTS),
        ({"input": steps(kind="int8")}, INPUT),
        ({"input": PER_CHANNEL}, INPUT),
        ({"input": FROM_OUTSIDE}, INPUT),
        ({"output": steps(kind="int8")}, OUTPUT),
        ({"output": PER_CHANNEL}, OUTPUT),
        ({"output": FROM_OUTSIDE}, OUTPUT),
        ({"weight_steps": steps(kind="uint8")}, WEIGHTS),
        ({"weight_steps": steps(0.0, kind="int8")}, WEIGHTS),
        ({"weight_steps": steps(zero_point=1, kind="int8")}, WEIGHTS),
        ({"weight_steps": steps([0.5, 0.5], [0, -1], "int8", axis=0)}, WEIGHTS),
        ({"weight_steps": Steps(np.array(0.5, np.float32), None)}, WEIGHTS),
        ({"weight_steps": Steps(None, np.array(0, np.int8))}, WEIGHTS),
        ({"weight_steps": steps([0.5, 0.5], [0, 0], "int8", axis=1)}, SCALES),
        ({"weight_steps": steps([0.5] * 3, [0] * 3, "int8", axis=0)}, SCALES),
        ({"weight_steps": steps([[0.5], [0.5]], [[0], [0]], "int8", axis=0)}, SCALES),
    ],
)
def test_a_layer_outside_of_the_rule_has_none(changes: dict[str, Any], reason: str) -> None:
    assert weighted_layer(replace(LAYER, **changes)) == Finding(Verdict.NO_RULE, reason)


SQUARE_ROOT = 2.0**-63  # of the smallest normal float32


def test_what_sums_are_multiplied_by_is_a_normal_number() -> None:
    assert SMALLEST_NORMAL == SQUARE_ROOT**2
    for smallest, output, sound in (
        (SQUARE_ROOT, None, True),
        (SQUARE_ROOT / 2, None, False),
        (SQUARE_ROOT, 1.0, True),
        (SQUARE_ROOT, 2.0, False),
        (SQUARE_ROOT / 2, 0.25, False),  # the products alone are denormal
        (2.0**65, None, False),  # infinite
        (2.0**30, 2.0**-80, False),
        (2.0**30, 2.0**60, True),
    ):
        weight_steps = steps([smallest, smallest], [0, 0], "int8", axis=0)
        layer = replace(
            LAYER, input=steps(smallest), weight_steps=weight_steps, output=None if output is None else steps(output)
        )
        with np.errstate(over="ignore"):
            found = weighted_layer(layer)
        assert found == (SOUND if sound else Finding(Verdict.NO_RULE, NOT_NORMAL)), (smallest, output)


def test_one_channel_whose_multiplier_is_denormal_is_enough() -> None:
    weight_steps = steps([1.0, SQUARE_ROOT / 2], [0, 0], "int8", axis=0)
    found = weighted_layer(replace(LAYER, input=steps(SQUARE_ROOT), weight_steps=weight_steps))
    assert found == Finding(Verdict.NO_RULE, NOT_NORMAL)


def test_products_that_leave_16_bits_are_an_overflow_whatever_the_bias() -> None:
    overflow = Finding(Verdict.OVERFLOW, "products of its weights may leave 16 bits")
    neighbours = replace(LAYER, weight=np.array([[64, 65], [0, 0]], np.int8))
    assert weighted_layer(neighbours) == overflow
    assert weighted_layer(replace(neighbours, bias=np.ones(2, np.float32))) == overflow
    assert weighted_layer(replace(LAYER, weight=np.array([[-128, 0], [0, 0]], np.int8))) == overflow


@pytest.mark.parametrize(("wide", "fits"), [(4, True), (65_792, True), (65_794, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_that_leave_32_bits_are_an_overflow(wide: int, fits: bool, sign: int) -> None:
    """CPUs with VNNI stop at the largest int32, where others wrap: 16,384 channels of 3 x 3 differ."""
    weight = np.full((2, wide), sign * 64, np.int8)
    layer = replace(LAYER, weight=weight, has_bias=False, bias=None)
    assert weighted_layer(layer) == (SOUND if fits else BEYOND)


@pytest.mark.parametrize(("bias", "fits"), [(2**31 - 1 - 510, True), (2**31 - 510, False), (510 - 2**31, False)])
def test_the_largest_sum_that_fits_is_the_largest_int32(bias: int, fits: bool) -> None:
    weight = np.array([[1], [0]], np.int8)  # whose products are 255 at most, and the zero point takes off as much
    layer = replace(LAYER, weight=weight, bias=np.array([0, bias], np.int32))
    assert weighted_layer(layer) == (SOUND if fits else BEYOND)


@pytest.mark.parametrize(("bias", "fits"), [(2**30, True), (-(2**30), True), (2**31 - 1, False), (-(2**31), False)])
def test_a_bias_leaves_room_for_the_sums(bias: int, fits: bool) -> None:
    layer = replace(LAYER, bias=np.array([3, bias], np.int32))
    assert weighted_layer(layer) == (SOUND if fits else BEYOND)


@pytest.mark.parametrize("bias", [None, np.ones(2, np.float32), np.ones(2, np.int8)])
def test_a_bias_that_is_no_int32_constant_rounds(bias: Any) -> None:
    assert weighted_layer(replace(LAYER, bias=bias)) == Finding(Verdict.ROUNDING, "its bias is float")


DIFFERENT = Finding(Verdict.ROUNDING, "it adds in float: its input and output have different scales")


def test_a_sum_of_one_scale_is_whole_steps() -> None:
    assert addition(steps(), steps(zero_point=128), steps([0.5])) == Finding(
        Verdict.SAME_BITS, "whole steps of one scale"
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_sum_of_several_scales_rounds(place: int) -> None:
    def changed(other: Steps) -> Finding:
        parts = [steps()] * 3
        parts[place] = other
        return addition(*parts)

    nearly = float(np.nextafter(np.float32(0.5), np.float32(1)))
    for other in (steps(nearly), steps([0.5, 0.5]), FROM_OUTSIDE, Steps(np.array(0.5), np.array(0, np.uint8))):
        assert changed(other) == DIFFERENT
    for other in (steps(kind="int8"), Steps(np.array(0.5, np.float32), None)):
        assert changed(other) == Finding(Verdict.ROUNDING, "it adds what is not uint8")


def test_a_sum_of_no_usable_scale_rounds() -> None:
    assert addition(*[steps(0.0)] * 3) == DIFFERENT
    assert addition(*[FROM_OUTSIDE] * 3) == DIFFERENT


def test_a_mean_is_of_uint8_of_constant_scales() -> None:
    assert global_mean(steps(0.5), steps(2.0, 7)) == Finding(Verdict.SAME_BITS, "a sum in 32 bits, rounded once")
    for other in (steps(kind="int8"), PER_CHANNEL, FROM_OUTSIDE):
        for pair in ((other, steps()), (steps(), other)):
            assert global_mean(*pair) == Finding(Verdict.ROUNDING, "its mean is not of uint8 with constant scales")


def test_converting_is_one_operation_a_number() -> None:
    one = Finding(Verdict.SAME_BITS, "one operation a number")
    other = Finding(Verdict.ROUNDING, "it rounds to something other than 8 bits")
    unusable = Finding(Verdict.ROUNDING, "its scale or zero point is no constant, or no normal float32")
    for kind, given in (("uint8", one), ("int8", one), ("int32", other), ("int16", other)):
        assert conversion(steps(kind=kind), "QuantizeLinear") == given
        assert conversion(steps(kind=kind), "DequantizeLinear") == one
    assert conversion(PER_CHANNEL, "QuantizeLinear") == one
    assert conversion(FROM_OUTSIDE, "QuantizeLinear") == unusable
    assert conversion(steps(0.0), "DequantizeLinear") == unusable
    assert conversion(Steps(np.array(1, np.float32), None), "DequantizeLinear") == unusable


def test_a_node_is_called_by_its_name_or_its_kind() -> None:
    assert node_name(helper.make_node("Conv", [], ["y"], "first")) == "first"
    assert node_name(helper.make_node("Conv", [], ["y"])) == "Conv"


def test_only_what_is_added_in_integers_counts_as_integer() -> None:
    assert [verdict for verdict in Verdict if verdict.in_integers] == [Verdict.SAME_BITS, Verdict.OVERFLOW]
    assert sorted(Verdict) == [Verdict.SAME_BITS, Verdict.ROUNDING, Verdict.OVERFLOW, Verdict.NO_RULE]
