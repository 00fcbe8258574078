"""Elementwise functions of integers, computed for every input there is, with a bound on any CPU's float error.

A function of one uint8 tensor has 256 inputs, of two 65,536. Each result is computed in float64 beside a bound on how
far float32 may be from it: each operation of onnxruntime rounds once, by 2**-24 of its result (IEEE 754; with fused
multiplication and addition less), and what approximates `exp` is off by `APPROXIMATED` at most. Where every result is
farther from a border between two integers than its bound, every CPU rounds it to the same one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..graph.graph_view import Steps

UNIT = 2.0**-24  # of a result: what rounding to float32 moves it by, at most
DENORMAL = 2.0**-126  # some CPUs take smaller numbers for zero
LEVELS = 256  # of uint8
FITS_32_BITS = 2.0**30  # steps: farther results overflow on the way to integers, to either side
# Sigmoid, tanh and erf: what onnxruntime's polynomials (core/mlas/lib/logistic.cpp, silu.cpp, tanh.cpp, erf.cpp and
# their kernels) and Eigen's exp are off by at most, of results up to 1. Measured over all of float32 that matters:
# sigmoid 1.7e-7, tanh 3.3e-7, erf and exp 0.7e-7.
APPROXIMATED = 1e-6
ERF_SLOPE = 2 / math.sqrt(math.pi)

Array = npt.NDArray[np.float64]
Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Bounded:
    """Numbers, float64, and for each how far any CPU's float32 may be from it."""

    value: Array
    error: Array

    def rounded(self, times: int = 1) -> "Bounded":
        """Return the same after roundings to float32."""
        return Bounded(self.value, self.error + times * (UNIT * (np.abs(self.value) + self.error) + DENORMAL))


def exactly(values: npt.ArrayLike) -> Bounded:
    """Return constants, which are float32 as they are."""
    value = np.asarray(values, np.float64)
    return Bounded(value, np.zeros_like(value))


def dequantized(levels: Array, steps: Steps) -> Bounded:
    """Return what integers stand for: one multiplication each (core/mlas/lib/dequantize.cpp)."""
    scale, zero_point = _whole(steps)
    return exactly((levels - zero_point) * scale).rounded()


def margin(result: Bounded, output: Steps) -> float:
    """Return the least distance of a result from a border between two integers that its error leaves, in steps.

    Above 0 all results are rounded alike. Dividing and adding the zero point round once each
    (core/mlas/lib/quantize.cpp; qlmul.cpp multiplies by a quotient of scales that was rounded twice).
    """
    scale, zero_point = _whole(output)
    steps = Bounded(result.value / scale, result.error / scale).rounded(3)
    if not (np.abs(steps.value) + steps.error < FITS_32_BITS).all():
        return -math.inf
    level = steps.value + zero_point
    border = np.clip(np.floor(level), 0, LEVELS - 2) + 0.5  # beyond the first and the last level nothing changes
    errors = steps.error + UNIT * (np.abs(level) + steps.error)
    return float((np.abs(level - border) - errors).min())


def _whole(steps: Steps) -> tuple[float, float]:
    """Return the scale and zero point of a whole tensor."""
    assert steps.zero_point is not None
    assert steps.one_scale is not None
    return steps.one_scale, float(steps.zero_point.item())


def _multiplied(one: Bounded, other: Bounded) -> Bounded:
    error = np.abs(one.value) * other.error + np.abs(other.value) * one.error + one.error * other.error
    return Bounded(one.value * other.value, error).rounded()


def _divided(one: Bounded, other: Bounded) -> Bounded:
    least = np.abs(other.value) - other.error
    safe = np.where(least > 0, other.value, 1.0)
    error = (np.abs(one.value) * other.error / np.abs(safe) + one.error) / np.where(least > 0, least, 1.0)
    return Bounded(one.value / safe, np.where(least > 0, error, np.inf)).rounded()


def _added(one: Bounded, other: Bounded, sign: int = 1) -> Bounded:
    return Bounded(one.value + sign * other.value, one.error + other.error).rounded()


def _clipped(number: Bounded, low: float, high: float) -> Bounded:
    return Bounded(np.clip(number.value, low, high), np.broadcast_to(number.error, number.value.shape))


def _clip(attributes: Attributes, number: Bounded, low: Bounded | None = None, high: Bounded | None = None) -> Bounded:
    low = low or exactly(attributes.get("min", -math.inf))
    high = high or exactly(attributes.get("max", math.inf))
    return _extreme(np.minimum, _extreme(np.maximum, number, low), high)


def _sigmoid(_: Attributes, number: Bounded) -> Bounded:
    positive = np.exp(-np.abs(number.value))
    value = np.where(number.value >= 0, 1 / (1 + positive), positive / (1 + positive))
    return Bounded(value, number.error / 4 + APPROXIMATED)


def _tanh(_: Attributes, number: Bounded) -> Bounded:
    return Bounded(np.tanh(number.value), number.error + APPROXIMATED)


def _erf(_: Attributes, number: Bounded) -> Bounded:
    value = np.vectorize(math.erf, otypes=[np.float64])(number.value)
    return Bounded(value, number.error * ERF_SLOPE + APPROXIMATED)


def _elu(attributes: Attributes, number: Bounded) -> Bounded:
    alpha = float(attributes.get("alpha", 1.0))
    value = np.where(number.value > 0, number.value, alpha * np.expm1(np.minimum(number.value, 0)))
    return Bounded(value, number.error * max(1.0, abs(alpha)) + abs(alpha) * APPROXIMATED).rounded()


def _selu(attributes: Attributes, number: Bounded) -> Bounded:
    alpha = float(attributes.get("alpha", np.float32(1.67326319217681884765625)))
    gamma = float(attributes.get("gamma", np.float32(1.05070102214813232421875)))
    return _multiplied(exactly(gamma), _elu({"alpha": alpha}, number).rounded())


def _softplus(_: Attributes, number: Bounded) -> Bounded:
    return Bounded(np.logaddexp(0, number.value), number.error + APPROXIMATED).rounded(2)


def _leaky_relu(attributes: Attributes, number: Bounded) -> Bounded:
    alpha = float(attributes.get("alpha", np.float32(0.01)))
    value = np.where(number.value >= 0, number.value, alpha * number.value)
    return Bounded(value, number.error * max(1.0, abs(alpha))).rounded()


def _prelu(_: Attributes, number: Bounded, slope: Bounded) -> Bounded:
    negative = _multiplied(slope, number)
    error = np.maximum(negative.error, number.error)  # either branch, where the sign is in doubt
    return Bounded(np.where(number.value >= 0, number.value, negative.value), error)


def _extreme(choose: Callable[[Array, Array], Array], *numbers: Bounded) -> Bounded:
    value, error = numbers[0].value, numbers[0].error
    for number in numbers[1:]:
        value, error = choose(value, number.value), np.maximum(error, number.error)
    return Bounded(value, np.broadcast_to(error, value.shape))


def _hard_sigmoid(attributes: Attributes, number: Bounded) -> Bounded:
    alpha, beta = float(attributes.get("alpha", np.float32(0.2))), float(attributes.get("beta", 0.5))
    return _clipped(_added(_multiplied(exactly(alpha), number).rounded(), exactly(beta)), 0, 1)


def _hard_swish(_: Attributes, number: Bounded) -> Bounded:
    """Return x * max(0, min(1, x / 6 + 1 / 2)), as the function of ONNX that onnxruntime writes out."""
    return _multiplied(number, _hard_sigmoid({"alpha": np.float32(1 / 6)}, number))


def _gelu(attributes: Attributes, number: Bounded) -> Bounded:
    if attributes.get("approximate", b"none") != b"none":
        return Bounded(number.value, np.full_like(number.value, math.inf))  # another function
    inner = _erf({}, _multiplied(exactly(math.sqrt(0.5)), number).rounded())
    return _multiplied(_multiplied(exactly(0.5), number), _added(inner, exactly(1.0)))


def _quick_gelu(attributes: Attributes, number: Bounded) -> Bounded:
    alpha = float(attributes.get("alpha", np.float32(1.702)))
    return _multiplied(number, _sigmoid({}, _multiplied(exactly(alpha), number)))


FUNCTIONS: Mapping[str, Callable[..., Bounded]] = {
    "Mul": lambda _, one, other: _multiplied(one, other),
    "Div": lambda _, one, other: _divided(one, other),
    "Add": lambda _, one, other: _added(one, other),
    "Sub": lambda _, one, other: _added(one, other, -1),
    "Relu": lambda _, number: _clipped(number, 0, math.inf),
    "Clip": _clip,
    "Sigmoid": _sigmoid,
    "Tanh": _tanh,
    "Erf": _erf,
    "Elu": _elu,
    "Selu": _selu,
    "Softplus": _softplus,
    "PRelu": _prelu,
    "Abs": lambda _, number: Bounded(np.abs(number.value), number.error),
    "Max": lambda _, *numbers: _extreme(np.maximum, *numbers),
    "Min": lambda _, *numbers: _extreme(np.minimum, *numbers),
    "LeakyRelu": _leaky_relu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Gelu": _gelu,
    "QuickGelu": _quick_gelu,
}
"""By kind of node: of its attributes and inputs, None for one left out."""
