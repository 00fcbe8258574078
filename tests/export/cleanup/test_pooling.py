from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.pooling import pool_globally, round_down
from foreign_graphs import compute, draft, images, kinds, node

GLOBAL, FLAT = ["GlobalAveragePool"], ["GlobalAveragePool", "Flatten"]


@pytest.mark.parametrize(
    ("mean", "opset", "expected"),
    [
        (node("ReduceMean", "x", "y", axes=[2, 3]), 17, GLOBAL),
        (node("ReduceMean", "x", "y", axes=[-1, -2], keepdims=0), 17, FLAT),
        (node("ReduceMean", "x axes", "y", keepdims=1), 18, GLOBAL),
        (node("ReduceMean", "x axes", "y", keepdims=0), 18, FLAT),
        (node("AveragePool", "x", "y", kernel_shape=[8, 8]), 17, GLOBAL),
        (node("ReduceMax", "x", "y", axes=[2, 3]), 17, ["MaxPool"]),
        (node("GlobalMaxPool", "x", "y"), 17, ["MaxPool"]),
        (node("ReduceMax", "x axes", "y", keepdims=0), 18, ["MaxPool", "Flatten"]),
        (node("ReduceMax", "x", "y", axes=[1, 3]), 17, ["ReduceMax"]),
        (node("ReduceMean", "x", "y", axes=[1, 3]), 17, ["ReduceMean"]),
        (node("ReduceMean", "x", "y"), 17, ["ReduceMean"]),
        (node("AveragePool", "x", "y", kernel_shape=[8, 8], pads=[1, 1, 0, 0]), 17, ["AveragePool"]),
        (node("AveragePool", "x", "y", kernel_shape=[4, 8]), 17, ["AveragePool"]),
    ],
)
def test_means_and_maxima_over_the_image_are_global_pools(mean: Any, opset: int, expected: list[str]) -> None:
    made = draft(mean, opset=opset, axes=np.array([-2, 3]))
    want = compute(made, images())
    pool_globally(made)
    assert kinds(made) == expected
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-6)


def test_means_of_other_than_images_stay() -> None:
    made = draft(node("ReduceMean", "x", "y", axes=[1, 2]), shape=(2, 3, 4))
    pool_globally(made)
    assert kinds(made) == ["ReduceMean"]


@pytest.mark.parametrize(
    ("options", "stays"),
    [
        ({"kernel_shape": [2, 2], "strides": [2, 2]}, False),
        ({"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 0, 0]}, False),
        ({"kernel_shape": [2, 2]}, False),
        ({"kernel_shape": [2, 2], "strides": [3, 3]}, False),
        ({"kernel_shape": [3, 3], "strides": [3, 3]}, True),
        ({"kernel_shape": [3, 3], "strides": [2, 2]}, True),
        ({"kernel_shape": [2, 3], "strides": [2, 2]}, True),
    ],
)
def test_a_pool_that_rounds_up_nothing_rounds_down(options: Any, stays: bool) -> None:
    made = draft(node("AveragePool", "x", "y", ceil_mode=1, **options))
    want = compute(made, images())
    round_down(made)
    assert any(entry.name == "ceil_mode" for entry in made.nodes[0].attribute) == stays
    np.testing.assert_array_equal(compute(made, images()), want)


@pytest.mark.parametrize(("kernel", "stays"), [(2, False), (3, True)])
@pytest.mark.parametrize("sides", [(9,), (9, 9, 9)])
def test_pools_of_rows_and_of_volumes_round_down_alike(sides: tuple[int, ...], kernel: int, stays: bool) -> None:
    rank, shape = len(sides), (2, 3, *sides)
    options = {"kernel_shape": [kernel] * rank, "strides": [2] * rank, "pads": [1] * rank + [0] * rank}
    pools = node("AveragePool", "x", "y", ceil_mode=1, **options)
    made = draft(pools, shape=shape)
    want = compute(made, images(shape))
    round_down(made)
    assert any(entry.name == "ceil_mode" for entry in made.nodes[0].attribute) == stays
    np.testing.assert_array_equal(compute(made, images(shape)), want)


def test_a_pool_with_gaps_in_its_windows_is_as_wide_as_they_make_it() -> None:
    options = {"kernel_shape": [2, 2], "strides": [2, 2], "dilations": [2, 2]}
    made = draft(node("AveragePool", "x", "y", ceil_mode=1, **options), opset=19)
    want = compute(made, images())
    round_down(made)
    np.testing.assert_array_equal(compute(made, images()), want)
