"""Tiny nets that each break one rule of the proof of equal bits (`export.rules`), and their twins that keep it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from . import function_nets
from .example_net import BATCH, CHANNELS, LEVELS, OUT, ROUNDING, SCALE, SIDE, UNPROVEN, Array, Example, Net


def conv(weight: Array, **changes: Any) -> onnx.ModelProto:
    """Return a convolution of int8 `weight` (O, I, 3, 3) between roundings; see `_layer` for `changes`."""
    groups = max(1, CHANNELS // weight.shape[1])  # of one channel each where `weight` is depthwise
    attributes = {"pads": [1] * 4, "group": groups, "kernel_shape": [3, 3]}
    return _layer("Conv", (BATCH, groups * weight.shape[1], SIDE, SIDE), weight, attributes, **changes)


def gemm(weight: Array, trans_b: int = 1, operator: str = "Gemm", alpha: float = 1, **changes: Any) -> onnx.ModelProto:
    """Return a dense layer of int8 `weight` (O, I), or (I, O) without `trans_b`."""
    attributes = {"transB": trans_b, "alpha": float(alpha)} if operator == "Gemm" else {}
    return _layer(operator, (BATCH, CHANNELS), weight, attributes, channel_axis=0 if trans_b else 1, **changes)


def _layer(
    operator: str,
    shape: Sequence[int],
    weight: Array,
    attributes: Mapping[str, Any],
    *,
    channel_axis: int = 0,
    kind: str = "uint8",
    bias: Array | None = None,
    weight_zero: int = 0,
    output_scale: Any = None,
    rectified_to: int | None = None,
    float_weights: bool = False,
    given_scale: bool = False,
    float_output: bool = False,
) -> onnx.ModelProto:
    net = Net(shape, kind)
    out = weight.shape[channel_axis]
    zero = np.array(0, kind)
    read = net.to_float("input", SCALE, zero)
    if given_scale:
        scale = net.nodes[-1].input[1]
        net.inputs.append(helper.make_tensor_value_info(scale, TensorProto.FLOAT, []))
    scales, zeros = np.full(out, SCALE), np.full(out, weight_zero, weight.dtype)
    if float_weights:
        weights = net.constant(weight.astype(np.float32) * SCALE)
    else:
        weights = net.to_float(net.constant(weight), scales, zeros, axis=channel_axis)
    inputs = [read, weights]
    if bias is not None and bias.dtype == np.int32:
        inputs.append(net.to_float(net.constant(bias), scales * SCALE, np.zeros(out, np.int32), axis=0))
    elif bias is not None:
        inputs.append(net.constant(bias))
    value = net.node(operator, *inputs, **attributes)
    if float_output:
        return net.model(value, "float32")
    if rectified_to is not None:
        value, zero = net.node("Relu", value), np.array(rectified_to, kind)
    return net.model(net.to_integers(value, np.float32(2) if output_scale is None else output_scale, zero), kind)


def weights(*shape: int, largest: int = 60) -> Array:
    """Return int8 weights of which no two can overflow, unless `largest` is over 64."""
    return np.random.RandomState(1).randint(-largest, largest + 1, shape).astype(np.int8)


def with_values(weight: Array, value: int, *places: tuple[Any, ...]) -> Array:
    """Return weights that are 0 but for `value` at some places of every output channel."""
    changed = np.zeros_like(weight)
    for place in places:
        changed[(slice(None), *place)] = value
    return changed


def add(scales: Sequence[float], zero_point: int = 0) -> onnx.ModelProto:
    """Return the sum of a tensor and its mirror image, of three scales: two inputs and the output."""
    net = Net((LEVELS, LEVELS))
    mirrored = net.node("Transpose", "input", perm=[1, 0])
    first, second = (
        net.to_float(name, np.float32(scale), np.uint8(zero_point))
        for name, scale in zip(("input", mirrored), scales[:2], strict=True)
    )
    return net.model(net.to_integers(net.node("Add", first, second), np.float32(scales[2]), np.uint8(zero_point)))


def mean(rounded: bool) -> onnx.ModelProto:
    """Return the mean over each image, left in float or rounded to the step of its input, which ties half the time."""
    net = Net((BATCH * 4, CHANNELS, 8, 8))
    value = net.node("GlobalAveragePool", net.to_float("input", np.float32(0.1), np.uint8(3)))
    return net.model(net.to_integers(value, np.float32(0.1), np.uint8(3))) if rounded else net.model(value, "float32")


def elementwise(operator: str) -> onnx.ModelProto:
    """Return a function of single numbers, in float."""
    net = Net((LEVELS, LEVELS))
    return net.model(net.node(operator, net.to_float("input", np.float32(0.031), np.uint8(128))), "float32")


def integer_product(operator: str, weight: Array) -> onnx.ModelProto:
    """Return MatMulInteger, QLinearMatMul or ConvInteger of weights, with what they need."""
    convolution = operator == "ConvInteger"
    net = Net((BATCH, CHANNELS, SIDE, SIDE) if convolution else (BATCH, CHANNELS))
    step = net.constant(SCALE)
    zero, weight_zero = net.constant(np.uint8(0)), net.constant(np.zeros((), weight.dtype))
    held = net.constant(weight)
    if operator == "QLinearMatMul":
        product = ("input", step, zero, held, step, weight_zero, net.constant(np.float32(2)), zero)
        return net.model(net.node(operator, *product))
    return net.model(net.node(operator, "input", held, zero, weight_zero), "int32")


def examples() -> dict[str, Example]:
    """Return the counter-examples by name."""
    shape, dense = (OUT, CHANNELS, 3, 3), (OUT, CHANNELS)
    calm, calm_dense = weights(*shape), weights(*dense)
    depthwise = weights(CHANNELS, 1, 3, 3)
    neighbours = with_values(calm, 127, (0, 1, 1), (1, 1, 1))
    in_the_file = with_values(calm, 127, (0, 0, 0), (0, 0, 1))  # neighbours channels first, as ConvInteger computes
    apart = [(0, 1, 1), (8, 1, 1)]
    pair = with_values(calm_dense, 127, (0,), (1,))
    taps = [(0, 0, 0), (0, 0, 2)]
    rows = np.ascontiguousarray(pair.T)
    bias = np.full(OUT, 100_000, np.int32)
    float_bias = np.linspace(-1, 1, OUT, dtype=np.float32)
    neighbouring = "two neighbouring weights of one sign sum to 128 at most"
    no_minus_128 = "no weight is -128"
    registered = "only operators with a rule multiply int8 weights"
    one_scale = "a sum and all it reads have one scale"
    return function_nets.examples() | {
        "neighbours": Example(neighbouring, conv(neighbours), UNPROVEN, conv(neighbours // 2)),
        "neighbours-dense": Example(neighbouring, gemm(pair), UNPROVEN, gemm(pair // 2)),
        "neighbours-dense-rows": Example(neighbouring, gemm(rows, 0), UNPROVEN, gemm(rows // 2, 0)),
        "minus-128": Example(
            no_minus_128,
            conv(with_values(calm, -128, *apart), bias=bias, output_scale=np.float32(0.1)),
            UNPROVEN,
            conv(with_values(calm, -127, *apart), bias=bias, output_scale=np.float32(0.1)),
        ),
        "minus-128-depthwise": Example(
            no_minus_128,
            conv(
                with_values(depthwise, -128, *taps),
                bias=np.full(CHANNELS, 100_000, np.int32),
                output_scale=np.float32(0.1),
            ),
            UNPROVEN,
            conv(
                with_values(depthwise, -127, *taps),
                bias=np.full(CHANNELS, 100_000, np.int32),
                output_scale=np.float32(0.1),
            ),
        ),
        "sums-beyond-32-bits": Example(
            "no sum leaves 32 bits",
            conv(np.full((OUT, 16_384, 3, 3), 64, np.int8), output_scale=np.float32(6_000)),
            UNPROVEN,
            conv(np.full((OUT, 7_168, 3, 3), 64, np.int8), output_scale=np.float32(6_000)),
        ),
        "alpha": Example("a dense layer has an alpha of 1", gemm(calm_dense, alpha=1.5), UNPROVEN, None, False),
        "float-output": Example("a convolution gives uint8", conv(calm, float_output=True), ROUNDING, conv(calm)),
        "float-bias": Example(
            "a bias is int32",
            gemm(calm_dense, bias=float_bias, float_output=True),
            ROUNDING,
            gemm(calm_dense, bias=bias),
        ),
        "float-weights": Example("weights are int8", conv(neighbours, float_weights=True), UNPROVEN),
        "matmul": Example(registered, gemm(rows, 0, "MatMul"), UNPROVEN),
        "matmul-integer": Example(registered, integer_product("MatMulInteger", rows), UNPROVEN),
        "qlinear-matmul": Example(registered, integer_product("QLinearMatMul", rows), UNPROVEN),
        "conv-integer": Example(registered, integer_product("ConvInteger", in_the_file), UNPROVEN, None, False),
        "sum-input-scale": Example(one_scale, add((0.1, 0.3, 0.2), 128), ROUNDING, add([0.0465] * 3)),
        "sum-output-scale": Example(one_scale, add((0.1, 0.1, 0.6), 7), ROUNDING, add([0.0465] * 3, 7)),
        "mean-in-float": Example("a mean gives uint8", mean(rounded=False), ROUNDING, mean(rounded=True)),
        "sigmoid": Example("no function is approximated in float", elementwise("Sigmoid"), ROUNDING),
        "int8-activations": Example("activations are uint8", conv(calm, kind="int8"), UNPROVEN, conv(calm), False),
        "weights-zero-point": Example("weights have zero point 0", conv(calm, weight_zero=-1), UNPROVEN, None, False),
        "scale-from-outside": Example("scales are constants", conv(calm, given_scale=True), UNPROVEN, None, False),
        "denormal-scale": Example(
            "scales are normal numbers", conv(calm, output_scale=np.float32(1e-40)), UNPROVEN, None, False
        ),
        "rectified": Example(
            "a ReLU before rounding has zero point 0",
            conv(calm, rectified_to=9),
            ROUNDING,
            conv(calm, rectified_to=0),
            False,
        ),
    }
