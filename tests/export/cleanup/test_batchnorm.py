from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.batchnorm import fold_batchnorms, fold_constants
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


C4 = np.array([0.5, -2, 3, 0.1], np.float32).reshape(4, 1, 1)


@pytest.mark.parametrize("constant", [np.float32(1.5), C4[None], C4])
@pytest.mark.parametrize(("kind", "order"), [(kind, "c k") for kind in ("Mul", "Div", "Add", "Sub")] + [("Sub", "k c")])
def test_constants_behind_a_convolution_are_part_of_it(kind: str, order: str, constant: Any) -> None:
    nodes = [node("Conv", "x w", "c"), node(kind, order, "s"), node("Mul", "k s", "y")]
    made = draft(*nodes, w=weights(4, 3, 3, 3), k=constant)
    want = compute(made, images())
    fold_constants(made)
    assert kinds(made) == ["Conv"]
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-5)


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Div", "k c", "y")],  # divides by the convolution
        [node("Add", "c row", "y")],  # of other places than channels
        [node("Add", "c deep", "y")],  # which makes an image a volume
        [node("Mul", "c k", "m"), node("Add", "m c", "y")],  # the convolution is read twice
        [node("Mul", "c c", "y")],
        [node("Mul", "x k", "m"), node("Conv", "m w", "y")],
    ],
)
def test_what_is_no_factor_or_shift_of_channels_stays(nodes: Any) -> None:
    made = draft(
        *(node("Conv", "x w", "c"), *nodes),
        **{"w": weights(4, 3, 3, 3), "k": np.float32(2), "row": np.arange(6, dtype=np.float32), "deep": C4[None, None]},
    )
    made.remove_unread()
    before, want = kinds(made), compute(made, images())
    fold_constants(made)
    assert kinds(made) == before
    np.testing.assert_array_equal(compute(made, images()), want)
