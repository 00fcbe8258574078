from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.free_batch import free_batch
from foreign_graphs import compute, draft, images, kinds, node, weights

PRIME = (11, 3, 8, 8)  # batch that the graphs below are settled for


@pytest.mark.parametrize(
    ("perm", "shape", "free"),
    [
        ([0, 1, 2, 3], [11, 192], [0, 192]),
        ([0, 1, 2, 3], [33, 64], [-1, 64]),  # batch and channels together
        ([0, 1, 2, 3], [11, 8, 3, 8], [0, 8, 3, 8]),
        ([1, 0, 2, 3], [3, 22, 32], [3, -1, 32]),  # in the middle
        ([1, 0, 2, 3], [3, 11, 64], [3, -1, 64]),
    ],
)
def test_a_reshape_takes_the_batch_from_what_it_reads(perm: list[int], shape: list[int], free: list[int]) -> None:
    made = draft(node("Transpose", "x", "t", perm=perm), node("Reshape", "t to", "y"), shape=PRIME, to=np.array(shape))
    want = compute(made, images(PRIME))
    free_batch(made)
    [to] = made.constants.values()
    assert to.tolist() == free
    np.testing.assert_array_equal(compute(made, images(PRIME)), want)
    assert compute(made, images((2, 3, 8, 8))).size == 2 * 192


def test_a_batch_of_one_is_the_first_dimension() -> None:
    made = draft(node("Reshape", "x to", "y"), shape=(1, 3, 8, 8), to=np.array([1, 3, 1, 64]))
    free_batch(made)
    assert compute(made, images()).shape == (2, 3, 1, 64)


def test_strides_of_the_whole_are_a_reshape() -> None:
    places = np.arange(11 * 192).reshape(11, 192)
    nodes = [node("Reshape", "x line", "a"), node("Gather", "a places", "y")]
    made = draft(*nodes, shape=PRIME, line=np.array([-1]), places=places)
    free_batch(made)
    assert kinds(made) == ["Reshape"]
    np.testing.assert_array_equal(compute(made, images()), images().reshape(2, 192))
    other = draft(*nodes, shape=PRIME, line=np.array([-1]), places=places[::-1])
    free_batch(other)
    assert "Gather" in kinds(other)


@pytest.mark.parametrize("inputs", ["token x", "x token", "token x token"])
@pytest.mark.parametrize("axis", [1, -1])
def test_tokens_for_each_image_are_added_behind_zeros(inputs: str, axis: int) -> None:
    row = weights(1, *((2, 8, 8) if axis == 1 else (3, 8, 2)))
    concat = node("Concat", inputs, "y", axis=axis)
    made = draft(concat, shape=PRIME, token=np.repeat(row, 11, axis=0))
    want = compute(made, images(PRIME))
    free_batch(made)
    assert kinds(made) == ["Pad", "Add"]
    np.testing.assert_array_equal(compute(made, images(PRIME)), want)
    np.testing.assert_array_equal(compute(made, images(PRIME)[:2]), want[:2])


def test_a_constant_that_is_the_same_for_each_image_is_there_once() -> None:
    row = weights(1, 3, 8, 8)
    other: Any = np.arange(11 * 192, dtype=np.float32).reshape(PRIME)
    made = draft(node("Add", "rows x", "y"), shape=PRIME, rows=np.repeat(row, 11, axis=0))
    free_batch(made)
    np.testing.assert_array_equal(compute(made, images()), images() + row)
    differing = draft(node("Add", "other x", "y"), shape=PRIME, other=other)
    free_batch(differing)
    assert differing.constants["other"].shape == PRIME


@pytest.mark.parametrize("side", [5, 13, 16])
@pytest.mark.parametrize("rule", ["asymmetric", "half_pixel", "align_corners"])
def test_an_image_is_resized_whatever_the_batch(side: int, rule: str) -> None:
    resize = node("Resize", "x _ _ sizes", "y", mode="linear", coordinate_transformation_mode=rule)
    made = draft(resize, shape=PRIME, sizes=np.array([11, 3, side, side]))
    want = compute(made, images(PRIME))
    free_batch(made)
    np.testing.assert_allclose(compute(made, images(PRIME)[:2]), want[:2], atol=1e-5)


def test_other_concatenations_stay() -> None:
    rows: Any = np.arange(11 * 64, dtype=np.float32).reshape(11, 1, 8, 8)
    made = draft(node("Concat", "x rows", "a", axis=1), node("Concat", "a a", "y", axis=1), shape=PRIME, rows=rows)
    free_batch(made)
    assert kinds(made) == ["Concat", "Concat"]
