from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.activations import name_activations
from foreign_graphs import compute, draft, images, kinds, node

CONSTANTS: dict[str, Any] = {
    "zero": np.float32(0),
    "one": np.float32(1),
    "three": np.float32([3]),
    "six": np.float32(6),
    "sixth": np.float32(1 / 6),
    "huge": np.finfo(np.float32).max,
}
ADD, SUM = node("Add", "x three", "a"), node("Add", "three x", "a")
CLIP = node("Clip", "a zero six", "c")
GATE = node("HardSigmoid", "x", "h", alpha=1 / 6, beta=0.5)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("Clip", "x zero", "y")], ["Relu"]),
        ([node("Clip", "x zero _", "y")], ["Relu"]),
        ([node("Clip", "x zero huge", "y")], ["Relu"]),
        ([node("Clip", "x zero six", "y")], ["Clip"]),
        ([node("Clip", "x one", "y")], ["Clip"]),
        ([node("Clip", "x _ six", "y")], ["Clip"]),
        ([ADD, CLIP, node("Div", "c six", "y")], ["HardSigmoid"]),
        ([SUM, CLIP, node("Mul", "sixth c", "y")], ["HardSigmoid"]),
        ([ADD, CLIP, node("Div", "c six", "h"), node("Mul", "x h", "y")], ["HardSwish"]),
        ([ADD, CLIP, node("Mul", "c sixth", "h"), node("Mul", "h x", "y")], ["HardSwish"]),
        ([ADD, CLIP, node("Mul", "x c", "m"), node("Div", "m six", "y")], ["HardSwish"]),
        ([ADD, CLIP, node("Mul", "c x", "m"), node("Mul", "m sixth", "y")], ["HardSwish"]),
        ([GATE, node("Mul", "h x", "y")], ["HardSwish"]),
        ([GATE, node("Mul", "x h", "a"), node("Add", "a h", "y")], ["HardSigmoid", "HardSwish", "Add"]),
        ([node("HardSigmoid", "x", "h", alpha=0.2), node("Mul", "x h", "y")], ["HardSigmoid", "Mul"]),
        ([node("HardSigmoid", "x", "h", alpha=1 / 6, beta=0.4), node("Mul", "x h", "y")], ["HardSigmoid", "Mul"]),
        ([node("Neg", "x", "n"), GATE, node("Mul", "n h", "y")], ["Neg", "HardSigmoid", "Mul"]),
        ([node("Add", "x one", "a"), CLIP, node("Div", "c six", "y")], ["Add", "Clip", "Div"]),
        ([ADD, node("Clip", "a zero three", "c"), node("Div", "c six", "y")], ["Add", "Clip", "Div"]),
        ([ADD, CLIP, node("Div", "c three", "y")], ["Add", "Clip", "Div"]),
        ([ADD, CLIP, node("Div", "six c", "y")], ["Add", "Clip", "Div"]),
        ([node("Sigmoid", "x", "s"), node("Mul", "x s", "y")], ["Sigmoid", "Mul"]),
    ],
)
def test_activations_have_their_names(nodes: list[Any], expected: list[str]) -> None:
    constants = {name: value for name, value in CONSTANTS.items() if any(name in part.input for part in nodes)}
    constants = {name: np.reshape(value, ()) if name != "three" else value for name, value in constants.items()}
    if any("three" in part.input and part.op_type == "Clip" for part in nodes):
        constants["three"] = np.float32(3)
    made = draft(*nodes, **constants)
    x = images() * 4
    want = compute(made, x)
    name_activations(made)
    assert kinds(made) == expected
    np.testing.assert_allclose(compute(made, x), want, atol=2e-6)
