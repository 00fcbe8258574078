from typing import Any

import numpy as np
import pytest
from edge_cifar.export.cleanup.padding import fold_pads, write_padding_out
from edge_cifar.export.graph.graph_view import attribute
from foreign_graphs import compute, draft, images, kinds, node, weights

AROUND = np.array([0, 0, 1, 0, 0, 0, 2, 1])


@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("kind", ["Conv", "MaxPool", "AveragePool"])
def test_automatic_padding_is_written_out(kind: str, side: int, mode: str) -> None:
    shape = (2, 3, side, side)
    inputs, extra = ("x w", {"w": weights(4, 3, 3, 3)}) if kind == "Conv" else ("x", {})
    made = draft(node(kind, inputs, "y", kernel_shape=[3, 3], strides=[2, 2], auto_pad=mode), shape=shape, **extra)
    want = compute(made, images(shape))
    write_padding_out(made)
    assert attribute(made.nodes[0], "auto_pad", None) is None
    np.testing.assert_array_equal(compute(made, images(shape)), want)


def test_padding_that_no_side_needs_is_none() -> None:
    made = draft(node("Conv", "x w", "y", strides=[4, 4], auto_pad="SAME_UPPER"), w=weights(4, 3, 1, 1))
    want = compute(made, images())
    write_padding_out(made)
    np.testing.assert_array_equal(compute(made, images()), want)


@pytest.mark.parametrize(("shape", "written"), [("size", True), ("sizes", False)])
def test_padding_for_a_kernel_that_is_computed_is_written_out_where_its_size_is_known(
    shape: str, written: bool
) -> None:
    kernel = [node("Abs", "size", "sizes"), node("Reshape", f"x {shape}", "w")]
    made = draft(
        *kernel, node("Conv", "x w", "y", auto_pad="SAME_UPPER"), shape=(1, 3, 3, 3), size=np.array([1, 3, 3, 3])
    )
    want = compute(made, images((1, 3, 3, 3)))
    write_padding_out(made)
    assert (attribute(made.nodes[-1], "auto_pad", None) is None) == written
    np.testing.assert_array_equal(compute(made, images((1, 3, 3, 3))), want)


@pytest.mark.parametrize(
    ("nodes", "folded"),
    [
        ([node("Conv", "p w", "y", pads=[1, 1, 1, 1])], True),
        ([node("AveragePool", "p", "y", kernel_shape=[3, 3])], True),
        ([node("AveragePool", "p", "y", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], False),
        ([node("AveragePool", "p", "y", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], False),
        ([node("MaxPool", "p", "y", kernel_shape=[3, 3], strides=[2, 2])], True),  # of numbers from 0
        ([node("MaxPool", "p", "y", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], False),
        ([node("Conv", "p w", "c"), node("MaxPool", "p", "m", kernel_shape=[3, 3]), node("Add", "c m", "y")], True),
        ([node("Relu", "p", "y")], False),
    ],
)
def test_zeros_around_an_image_go_into_what_reads_them(nodes: list[Any], folded: bool) -> None:
    made = draft(node("Relu", "x", "r"), node("Pad", "r around", "p"), *nodes, around=AROUND, w=weights(3, 3, 3, 3))
    want = compute(made, images())
    fold_pads(made)
    assert ("Pad" not in kinds(made)) == folded
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-6)


@pytest.mark.parametrize("before", ["Neg", "Clip"])
def test_a_maximum_of_numbers_below_zero_keeps_its_zeros(before: str) -> None:
    first = node("Neg", "x", "r") if before == "Neg" else node("Clip", "x low high", "r")
    pool = node("MaxPool", "p", "y", kernel_shape=[3, 3])
    limits = {"low": np.float32(-9), "high": np.float32(-1)}
    made = draft(first, node("Pad", "r around", "p"), pool, around=AROUND, **limits)
    fold_pads(made)
    assert "Pad" in kinds(made)


@pytest.mark.parametrize(
    ("inputs", "constants", "folded"),
    [
        ("x around", {}, True),
        ("x around zero", {}, True),
        ("x around _", {}, True),
        ("x around one", {}, False),
        ("x around", {"around": np.array([0, 1, 1, 0, 0, 0, 1, 1])}, False),  # channels
        ("x around", {"around": np.array([0, 0, -1, 0, 0, 0, 1, 1])}, False),
        ("x sides zero axes", {}, True),
    ],
)
def test_what_is_put_around_an_image_must_be_zeros(inputs: str, constants: dict[str, Any], folded: bool) -> None:
    held = {"around": AROUND, "zero": np.float32(0), "one": np.float32(1), "sides": np.array([1, 2, 0, 1])} | constants
    channels = 4 if constants and held["around"][1] else 3
    conv = node("Conv", "p w", "y")
    made = draft(node("Pad", inputs, "p"), conv, opset=18, w=weights(4, channels, 3, 3), axes=np.array([-1, 2]), **held)
    want = compute(made, images())
    fold_pads(made)
    assert ("Pad" not in kinds(made)) == folded
    np.testing.assert_allclose(compute(made, images()), want, atol=1e-6)


def test_a_mirrored_border_stays() -> None:
    made = draft(
        node("Pad", "x around", "p", mode="reflect"), node("Conv", "p w", "y"), around=AROUND, w=weights(4, 3, 3, 3)
    )
    fold_pads(made)
    assert kinds(made) == ["Pad", "Conv"]
