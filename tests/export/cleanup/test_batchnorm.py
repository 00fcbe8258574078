from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.batchnorm import fold_batchnorms
from edge_cifar.export.graph.graph_view import attribute
from foreign_graphs import compute, draft, images, kinds, node, weights


def statistics(channels: int) -> dict[str, Any]:
    random = np.random.default_rng(2)
    low, high = {"scale": -2, "bias": -1, "mean": -1, "var": 0.1}, {"scale": 2, "bias": 1, "mean": 1, "var": 3}
    return {name: random.uniform(low[name], high[name], channels).astype(np.float32) for name in low}


def norm(source: str, output: str) -> Any:
    return node("BatchNormalization", f"{source} scale bias mean var", output, epsilon=0.01)


@pytest.mark.parametrize("inputs", ["x w", "x w b"])
def test_behind_a_convolution_it_is_part_of_it(inputs: str) -> None:
    conv = node("Conv", inputs, "c", pads=[1, 1, 1, 1])
    made = draft(conv, norm("c", "y"), w=weights(4, 3, 3, 3), b=weights(4), **statistics(4))
    want = compute(made, images())
    fold_batchnorms(made)
    assert kinds(made) == ["Conv"]
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-5)


def test_in_front_of_one_that_pads_it_is_a_convolution_of_its_own() -> None:
    nodes = [node("Relu", "x", "r"), norm("r", "n"), node("Conv", "n w", "y", pads=[1, 1, 1, 1])]
    made = draft(*nodes, w=weights(4, 3, 3, 3), **statistics(3))
    want = compute(made, images())
    fold_batchnorms(made)
    assert kinds(made) == ["Relu", "Conv", "Conv"]
    assert attribute(made.nodes[1], "group", 1) == 3
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-5)


def test_a_convolution_that_others_read_stays() -> None:
    nodes = [node("Conv", "x w", "c"), norm("c", "n"), node("Add", "c n", "y")]
    made = draft(*nodes, w=weights(4, 3, 3, 3), **statistics(4))
    want = compute(made, images())
    fold_batchnorms(made)
    assert kinds(made) == ["Conv", "Conv", "Add"]
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-5)


def test_one_of_vectors_or_unknown_statistics_stays() -> None:
    vectors = draft(norm("x", "y"), shape=(2, 3), **statistics(3))
    fold_batchnorms(vectors)
    computed = {name: value for name, value in statistics(3).items() if name != "var"}
    unknown = draft(node("ReduceMax", "x", "var", axes=[0, 2, 3], keepdims=0), norm("x", "y"), **computed)
    fold_batchnorms(unknown)
    assert "BatchNormalization" in kinds(vectors)
    assert "BatchNormalization" in kinds(unknown)
