"""Nets whose elementwise functions break a rule of the proof: a result on a border between two integers, and others.

The scales of the broken nets were found by trying: a result lies so near to a border that CPUs with and without fused
multiplication round it apart. At those of their twins, a little away, none lies there.
"""

import numpy as np
import onnx

from .example_net import BATCH, CHANNELS, LEVELS, ROUNDING, SCALE, SIDE, Example, Net

ON_A_BORDER = "no result of a function is within float's error of a border between two integers"


def function(operators: str, scale: float, zero_point: int = 0) -> onnx.ModelProto:
    """Return a function of one tensor by its operators, rounded to `scale`; "Mul" is by the tensor itself."""
    net = Net((LEVELS, LEVELS))
    first = value = net.to_float("input", np.float32(0.031), np.uint8(128))
    for operator in operators.split():
        match operator:
            case "Mul":
                value = net.node("Mul", first, value)
            case "HardSigmoid":
                value = net.node(operator, value, alpha=1 / 6)
            case "Add" | "Div" | "Half":
                number = {"Add": 1, "Div": np.sqrt(2), "Half": 0.5}[operator]
                value = net.node(operator.replace("Half", "Mul"), value, net.constant(np.float32(number)))
            case _:
                value = net.node(operator, value)
    return net.model(net.to_integers(value, np.float32(scale), np.uint8(zero_point)))


def product(scale: float) -> onnx.ModelProto:
    """Return the product of a tensor and its mirror image, rounded to `scale`."""
    net = Net((LEVELS, LEVELS))
    mirrored = net.node("Transpose", "input", perm=[1, 0])
    first, second = (net.to_float(name, SCALE, np.uint8(0)) for name in ("input", mirrored))
    return net.model(net.to_integers(net.node("Mul", first, second), np.float32(scale), np.uint8(7)))


def pooled(kind: str) -> onnx.ModelProto:
    """Return means over 3x3 pixels: by an AveragePool, or by a convolution of equal weights."""
    net = Net((BATCH, CHANNELS, SIDE, SIDE))
    read = net.to_float("input", SCALE, np.uint8(0))
    if kind == "AveragePool":
        value = net.node(kind, read, kernel_shape=[3, 3])
    else:
        weights = net.constant(np.full((CHANNELS, 1, 3, 3), 64, np.int8))
        steps = net.constant(np.full(CHANNELS, 1 / 9 / 64, np.float32)), net.constant(np.zeros(CHANNELS, np.int8))
        held = net.node("DequantizeLinear", weights, *steps, axis=0)
        value = net.node("Conv", read, held, kernel_shape=[3, 3], group=CHANNELS)
    return net.model(net.to_integers(value, SCALE, np.uint8(0)))


def joined(scale: float, rounded: bool) -> onnx.ModelProto:
    """Return a tensor beside its mirror image in another scale, left in float or rounded."""
    net = Net((LEVELS, LEVELS))
    mirrored = net.node("Transpose", "input", perm=[1, 0])
    first, second = net.to_float("input", SCALE, np.uint8(0)), net.to_float(mirrored, np.float32(scale), np.uint8(9))
    value = net.node("Concat", first, net.node("Softmax", second) if not rounded else second, axis=1)
    return net.model(net.to_integers(value, np.float32(0.02), np.uint8(3)))


def examples() -> dict[str, Example]:
    """Return the counter-examples by name."""
    nets = {
        "product": (product, (0.01619572564959526, 0.016213728)),
        "sigmoid-rounded": (lambda scale: function("Sigmoid", scale), (0.005466696806252003, 0.00548)),
        "silu": (lambda scale: function("Sigmoid Mul", scale, 20), (0.021522385999560356, 0.0216)),
        "hard-swish": (lambda scale: function("HardSigmoid Mul", scale, 20), (0.0034011525567620993, 0.0035)),
        "gelu": (lambda scale: function("Div Erf Add Mul Half", scale, 20), (0.022510657086968422, 0.0226)),
        "tanh": (lambda scale: function("Tanh", scale, 128), (0.04874337092041969, 0.0488)),
    }
    return {
        name: Example(ON_A_BORDER, net(broken), ROUNDING, net(sound)) for name, (net, (broken, sound)) in nets.items()
    } | {
        "average-pool": Example(
            "means are convolutions", pooled("AveragePool"), ROUNDING, pooled("Conv"), differs=False
        ),
        "joined-float": Example(
            "what is joined is uint8",
            joined(0.031, rounded=False),
            ROUNDING,
            joined(0.031, rounded=True),
            differs=False,
        ),
    }
