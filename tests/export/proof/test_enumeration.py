"""Functions computed for every byte: their values, the bound on float's error, and what onnxruntime makes of them."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from edge_cifar.export.graph.graph_view import Steps
from edge_cifar.export.graph.run_graph import open_session
from edge_cifar.export.proof.enumeration import (
    APPROXIMATED,
    FUNCTIONS,
    UNIT,
    Bounded,
    dequantized,
    exactly,
    margin,
)
from onnx import TensorProto, helper

NUMBERS = np.concatenate([np.linspace(-20, 20, 20_001), np.geomspace(1e-30, 100, 2_000)]).astype(np.float32)
BYTES = np.arange(256, dtype=np.float64)


def steps(scale: float, zero_point: int) -> Steps:
    return Steps(np.array(scale, np.float32), np.array(zero_point, np.uint8))


def run(kind: str, *inputs: np.ndarray, opset: int = 14, **attributes: Any) -> np.ndarray:
    """What onnxruntime computes in float."""
    names = [f"x{i}" for i in range(len(inputs))]
    node = helper.make_node(kind, names, ["y"], **attributes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in (*names, "y")]
    graph = helper.make_graph([node], "graph", ends[:-1], ends[-1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    [given] = open_session(model, 1).run(None, dict(zip(names, inputs, strict=True)))
    return np.asarray(given, np.float64)


@pytest.mark.parametrize(
    ("kind", "opset", "attributes"),
    [
        *(("Sigmoid", 14, {}), ("Tanh", 14, {}), ("Erf", 14, {}), ("Relu", 14, {}), ("HardSwish", 14, {})),
        *(("Elu", 14, {}), ("Elu", 14, {"alpha": 0.3}), ("LeakyRelu", 14, {}), ("LeakyRelu", 14, {"alpha": -0.7})),
        *(("Selu", 14, {}), ("Selu", 14, {"alpha": 0.5, "gamma": 3.0}), ("Softplus", 14, {}), ("Abs", 14, {})),
        *(("HardSigmoid", 14, {}), ("HardSigmoid", 14, {"alpha": 1 / 6, "beta": 0.4}), ("Gelu", 20, {})),
    ],
)
def test_onnxruntime_is_within_the_bound(kind: str, opset: int, attributes: Mapping[str, Any]) -> None:
    stored = helper.make_node(kind, [], [], **attributes).attribute  # as float32
    found = FUNCTIONS[kind]({entry.name: helper.get_attribute_value(entry) for entry in stored}, exactly(NUMBERS))
    assert (np.abs(run(kind, NUMBERS, opset=opset, **attributes) - found.value) <= found.error).all()
    assert (found.error <= 4 * APPROXIMATED * np.maximum(1, np.abs(NUMBERS)) ** 2).all()  # and the bound is near


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
def test_arithmetic_rounds_once(kind: str) -> None:
    others = np.random.RandomState(0).uniform(-9, 9, len(NUMBERS)).astype(np.float32)
    found = FUNCTIONS[kind]({}, exactly(NUMBERS), exactly(others))
    assert (np.abs(run(kind, NUMBERS, others) - found.value) <= found.error).all()
    assert (found.error <= 1.01 * UNIT * np.abs(found.value) + 1e-37).all()


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
def test_errors_of_what_is_read_are_carried_along(kind: str) -> None:
    ends = np.array([-1.0, 1.0])
    one, other = Bounded(np.array([3.0]), np.array([0.25])), Bounded(np.array([-2.0]), np.array([0.5]))
    found = FUNCTIONS[kind]({}, one, other)
    worst = [FUNCTIONS[kind]({}, exactly(3 + 0.25 * a), exactly(-2 + 0.5 * b)).value for a in ends for b in ends]
    assert np.abs(np.array(worst) - found.value).max() <= found.error.item() <= 1.5 * np.abs(worst - found.value).max()


@pytest.mark.parametrize(
    "kind",
    [
        *("Sigmoid", "Tanh", "Erf", "Elu", "Selu", "Softplus", "LeakyRelu", "Abs", "Relu", "HardSigmoid", "HardSwish"),
        *("Gelu", "QuickGelu"),
    ],
)
def test_functions_carry_on_the_errors_of_what_they_read(kind: str) -> None:
    values, error = np.linspace(-4, 4, 801), 1e-3
    found = FUNCTIONS[kind]({}, Bounded(values, np.full_like(values, error)))
    worst = [np.abs(FUNCTIONS[kind]({}, exactly(values + sign * error)).value - found.value) for sign in (-1, 1)]
    assert (found.error + 1e-12 >= np.maximum(*worst)).all()


@pytest.mark.parametrize("kind", ["PRelu", "Max", "Min"])
def test_what_chooses_between_numbers_rounds_at_most_once(kind: str) -> None:
    others = np.random.RandomState(0).uniform(-9, 9, len(NUMBERS)).astype(np.float32)
    found = FUNCTIONS[kind]({}, exactly(NUMBERS), exactly(others))
    assert (np.abs(run(kind, NUMBERS, others) - found.value) <= found.error).all()
    assert (found.error <= 1.01 * UNIT * np.abs(NUMBERS * np.maximum(1, np.abs(others))) + 1e-37).all()


def test_where_the_sign_is_in_doubt_either_slope_may_be_taken() -> None:
    found = FUNCTIONS["PRelu"]({}, Bounded(np.array([0.1, -0.1]), np.array([0.5, 0.5])), exactly(-4.0))
    worst = [max(abs(4 * 0.4 - 0.1), 0.5), max(abs(4 * 0.6 - 0.4), abs(0.4 - 0.4))]
    assert (found.error >= worst).all()


def test_dividing_by_what_may_be_zero_is_unbounded() -> None:
    found = FUNCTIONS["Div"]({}, exactly(1.0), Bounded(np.array([0.1]), np.array([0.2])))
    assert found.error.item() == math.inf


def test_limits_clip_and_may_be_left_out() -> None:
    numbers = exactly([-2.0, 0.5, 7.0])
    assert FUNCTIONS["Clip"]({}, numbers, exactly(0.0), exactly(6.0)).value.tolist() == [0.0, 0.5, 6.0]
    assert FUNCTIONS["Clip"]({}, numbers, None, exactly(6.0)).value.tolist() == [-2.0, 0.5, 6.0]
    assert FUNCTIONS["Clip"]({}, numbers, exactly(0.0)).value.tolist() == [0.0, 0.5, 7.0]
    assert FUNCTIONS["Clip"]({"min": -1.0, "max": 1.0}, numbers).value.tolist() == [-1.0, 0.5, 1.0]


def test_limits_may_be_as_uncertain_as_what_they_clip() -> None:
    found = FUNCTIONS["Clip"]({}, exactly([[-2.0], [7.0]]), Bounded(np.array([-1.0, 3.0]), np.array([0.1, 0.2])))
    assert found.value.tolist() == [[-1.0, 3.0], [7.0, 7.0]]
    assert found.error.tolist() == [[0.1, 0.2], [0.1, 0.2]]


def test_gelu_by_tanh_is_another_function() -> None:
    assert FUNCTIONS["Gelu"]({"approximate": b"tanh"}, exactly(1.0)).error == math.inf


def test_quick_gelu_is_a_number_times_a_sigmoid() -> None:
    found = FUNCTIONS["QuickGelu"]({"alpha": 1.5}, exactly(2.0))
    assert found.value == pytest.approx(2 / (1 + math.exp(-3)))
    assert FUNCTIONS["QuickGelu"]({}, exactly(2.0)).value == pytest.approx(2 / (1 + math.exp(-2 * 1.702)))


def test_integers_stand_for_numbers() -> None:
    found = dequantized(BYTES, steps(0.5, 3))
    assert found.value.tolist() == ((BYTES - 3) / 2).tolist()
    assert np.allclose(found.error, UNIT * np.abs(found.value))


def test_the_margin_is_the_distance_from_the_nearest_border() -> None:
    output = steps(2.0, 10)
    assert margin(exactly([4.5, 6.0]), output) == pytest.approx(0.25, abs=1e-4)  # 2.25 steps, from 2.5
    assert margin(exactly([4.5, 5.0]), output) < 0  # on it
    assert margin(Bounded(np.array([4.5]), np.array([0.4])), output) == pytest.approx(0.05, abs=1e-4)
    assert not margin(exactly([1.0, math.nan]), output) > 0


def test_beyond_the_last_level_nothing_changes_until_32_bits_do() -> None:
    output = steps(1.0, 10)
    assert margin(exactly([-10.5, 245.5, 300.5, -40.5]), output) == pytest.approx(1, abs=1e-3)
    assert margin(exactly([-9.5]), output) < 0
    assert margin(exactly([244.5]), output) < 0
    assert margin(exactly([2.0**31]), output) == -math.inf
