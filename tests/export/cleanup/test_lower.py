from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.lower import lower
from foreign_graphs import compute, draft, images, node


@pytest.mark.parametrize(
    ("last", "opset"),
    [
        ([node("ReduceMax", "x axes", "y", keepdims=0)], 18),
        ([node("ReduceMean", "x axes", "y")], 20),
        ([node("Split", "x", "a b", axis=1, num_outputs=2), node("Concat", "b a", "y", axis=1)], 18),
        ([node("Gelu", "x", "y")], 20),
        ([node("Resize", "x _ scales", "y", mode="linear", antialias=0, keep_aspect_ratio_policy="stretch")], 18),
        ([node("Gelu", "x", "y", approximate="tanh")], 20),
    ],
)
def test_what_is_newer_than_set_17_is_written_as_there(last: list[Any], opset: int) -> None:
    made = draft(*last, opset=opset, axes=np.array([1]), scales=np.array([1, 1, 2, 2], np.float32))
    want = compute(made, images())
    lower(made)
    made.opset = 17
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-6)


def test_what_every_set_has_stays() -> None:
    made = draft(node("ReduceMean", "x", "a", axes=[1]), node("Split", "a", "y", axis=1))
    before = list(made.nodes)
    lower(made)
    assert made.nodes == before
