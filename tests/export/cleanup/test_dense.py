from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.dense import keep_images, make_head
from foreign_graphs import compute, draft, images, kinds, node, weights

PLAIN = ["GlobalAveragePool", "Flatten", "Gemm"]
POOL, FLAT = node("GlobalAveragePool", "x", "p"), node("Flatten", "p", "f")
HEAD = node("Gemm", "g w2 b2", "y", transB=1)
CONSTANTS: dict[str, Any] = {
    "w": weights(5, 3),
    "wt": weights(3, 5),
    "b": weights(5),
    "b1": weights(1),
    "w2": weights(4, 5),
    "b2": weights(4),
    "whole": weights(5, 192),
    "scale": np.abs(weights(5)) + 1,
    "var": np.abs(weights(5)) + 1,
    "low": np.float32(-0.1),
    "square": weights(3, 3),
    "k": weights(4, 3, 1, 1),
    "axes": np.array([2, 3]),
    "to2": np.array([0, 3]),
    "to4": np.array([0, 5, 1, 1]),
    "to4x": np.array([0, 3, 1, 1]),
    "flat": np.array([0, -1]),
}


def made_of(*nodes: Any) -> Any:
    used = {name for part in nodes for name in part.input}
    return draft(*nodes, **{name: value for name, value in CONSTANTS.items() if name in used})


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([POOL, FLAT, node("Gemm", "f w b", "y", transB=1)], PLAIN),
        ([POOL, FLAT, node("Gemm", "f wt b", "y")], PLAIN),
        (
            [POOL, FLAT, node("Gemm", "f w b1", "y", transB=1, alpha=0.5, beta=2.0)],
            PLAIN,
        ),
        ([POOL, FLAT, node("MatMul", "f wt", "y")], PLAIN),
        ([POOL, node("Squeeze", "p axes", "f"), node("MatMul", "f wt", "y")], PLAIN),
        ([POOL, node("Reshape", "p to2", "f"), node("MatMul", "f wt", "y")], PLAIN),
        ([POOL, node("Reshape", "p to4x", "q"), node("Flatten", "q", "y")], ["GlobalAveragePool", "Flatten"]),
        (  # hidden layers, each with what may lie between
            [POOL, FLAT, node("Gemm", "f wt b", "h"), node("HardSwish", "h", "g"), HEAD],
            ["GlobalAveragePool", "Conv", "HardSwish", "Flatten", "Gemm"],
        ),
        (
            [POOL, FLAT, node("MatMul", "f wt", "h"), node("Clip", "h low", "g"), HEAD],
            ["GlobalAveragePool", "Conv", "Clip", "Flatten", "Gemm"],
        ),
        (
            [POOL, FLAT, node("MatMul", "f wt", "h"), node("BatchNormalization", "h scale b b var", "g"), HEAD],
            ["GlobalAveragePool", "Conv", "BatchNormalization", "Flatten", "Gemm"],
        ),
        (
            [POOL, FLAT, node("MatMul", "f wt", "h"), node("Sigmoid", "h", "s"), node("Mul", "h s", "g"), HEAD],
            ["GlobalAveragePool", "Conv", "Sigmoid", "Mul", "Flatten", "Gemm"],
        ),
        (
            [POOL, FLAT, node("MatMul", "f wt", "h"), node("Mul", "scale h", "s"), node("Add", "s low", "g"), HEAD],
            ["GlobalAveragePool", "Conv", "Mul", "Add", "Flatten", "Gemm"],
        ),
        (  # over all of the image
            [node("Reshape", "x flat", "f"), node("Gemm", "f whole b", "h", transB=1), node("Relu", "h", "g"), HEAD],
            ["Conv", "Relu", "Flatten", "Gemm"],
        ),
        (  # squeeze and excitation by dense layers
            [
                *(
                    POOL,
                    FLAT,
                    node("MatMul", "f square", "s"),
                    node("Sigmoid", "s", "e"),
                    node("Reshape", "e to4x", "u"),
                ),
                *(node("Mul", "x u", "m"), node("GlobalAveragePool", "m", "q"), node("Flatten", "q", "y")),
            ],
            ["GlobalAveragePool", "Conv", "Sigmoid", "Mul", "GlobalAveragePool", "Flatten"],
        ),
        (  # a convolution at the end
            [POOL, node("Conv", "p k b2", "c"), node("Flatten", "c", "y")],
            PLAIN,
        ),
        ([POOL, node("Conv", "p k", "c"), node("Flatten", "c", "y")], PLAIN),
        ([node("Conv", "x k", "c"), node("Flatten", "c", "y")], ["Conv", "Flatten"]),
        (
            [POOL, node("Conv", "p k", "c", pads=[1, 1, 1, 1]), node("Flatten", "c", "y")],
            ["GlobalAveragePool", "Conv", "Flatten"],
        ),
        ([node("Flatten", "x", "f"), node("Relu", "f", "y")], ["Flatten", "Relu"]),
    ],
)
def test_images_stay_images_up_to_the_last_dense_layer(nodes: list[Any], expected: list[str]) -> None:
    made = made_of(*nodes)
    want = compute(made, images())
    keep_images(made)
    make_head(made)
    assert kinds(made) == expected
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-5)


def test_only_what_keeps_images_apart_is_a_flatten_of_images() -> None:
    rows = node("Flatten", "x", "f", axis=3)  # (N * C * H, W)
    made = draft(rows, node("Gemm", "f v b", "h", transB=1), node("Relu", "h", "y"), v=weights(5, 8), b=weights(5))
    want = compute(made, images())
    keep_images(made)
    assert kinds(made) == ["Flatten", "Gemm", "Relu"]
    np.testing.assert_array_equal(compute(made, images()), want)


def test_a_dense_layer_of_two_tensors_stays() -> None:
    made = made_of(POOL, FLAT, node("Transpose", "f", "t"), node("MatMul", "f t", "y"))
    keep_images(made)
    assert kinds(made) == ["GlobalAveragePool", "Flatten", "Transpose", "MatMul"]
