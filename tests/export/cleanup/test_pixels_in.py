from typing import Any

import numpy as np
import pytest
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.cleanup.pixels_in import take_pixels
from edge_cifar.export.foreign.pixel_rule import PixelRule
from edge_cifar.export.graph.graph_view import attribute
from edge_cifar.export.graph.pixel_steps import PixelSteps
from foreign_graphs import compute, draft, kinds, node, weights

SIZE = 16
HERE = Preprocessing(SIZE)
IMAGENET = PixelRule(HERE, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
CAFFE = PixelRule(HERE, scale=1.0, mean=(103.9, 116.8, 123.7), channels="bgr")
TF = PixelRule(HERE, scale=1 / 127.5, mean=(1.0, 1.0, 1.0), layout="nhwc")
UNIT = PixelRule(HERE)
BRIGHT = PixelRule(HERE, mean=(0.99, 0.98, 0.97), std=(0.1, 0.2, 0.3))
BYTES = ["Transpose", "DequantizeLinear"]
CONV = node("Conv", "n w", "y", pads=[1, 1, 1, 1], strides=[2, 2])

CONSTANTS: dict[str, Any] = {
    "w": weights(4, 3, 3, 3),
    "square": weights(3, 3, 3, 3),
    "w2": weights(2, 3, 1, 1),
    "w3": weights(3, 1, 3, 3),
    "mean": np.array([0.1, -0.2, 0.3], np.float32).reshape(1, 3, 1, 1),
    "std": np.array([0.5, 1.5, 2.5], np.float32).reshape(3, 1, 1),
    "mean_last": np.array([0.1, -0.2, 0.3], np.float32),
    "backwards": np.array([2, 1, 0]),
    "axis": np.array([1]),
    "zero": np.array(0),
    "one": np.array(1),
    "two": np.array(2),
    "low": np.float32(-9),
    "high": np.float32(9),
    "tight": np.float32(0.5),
    "begin": np.array([0, 0]),
    "end": np.array([8, 8]),
    "axes": np.array([2, 3]),
}


def pixels() -> Any:
    rgb = np.random.default_rng(3).integers(0, 256, (2, SIZE, SIZE, 3))
    rgb[1, :8] = rgb[1, 0, 0]  # a smooth part
    return np.concatenate([rgb, np.full((2, SIZE, SIZE, 1), 255)], axis=-1).astype(np.uint8)


def first(bias: str = "") -> Any:
    return node("Conv", f"x square {bias}", "y", pads=[1, 0, 2, 1], strides=[2, 1])


def run(rule: PixelRule, *nodes: Any) -> Any:
    """Return a draft that takes pixels, after a look at whether it gives what it did."""
    used = {name for part in nodes for name in part.input}
    shape = (2, SIZE, SIZE, 3) if rule.layout == "nhwc" else (2, 3, SIZE, SIZE)
    made = draft(*nodes, shape=shape, **{name: value for name, value in CONSTANTS.items() if name in used})
    want = compute(made, rule.inputs(pixels()))
    take_pixels(made, rule)
    np.testing.assert_allclose(compute(made, pixels()), want, atol=3e-6 * np.abs(want).max())
    assert kinds(made)[:2] == BYTES
    return made


@pytest.mark.parametrize("rule", [IMAGENET, CAFFE, UNIT, BRIGHT])
@pytest.mark.parametrize("bias", ["", "mean_last"])
def test_a_convolution_reads_bytes_with_its_zero_padding(rule: PixelRule, bias: str) -> None:
    made = run(rule, first(bias))
    assert kinds(made) == [*BYTES, "Conv"]
    assert made.constants[made.nodes[2].input[1]].shape[1] == 4
    assert made.nodes[0].input[0] == made.input


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Sub", "x mean", "a"), node("Div", "a std", "n")],
        [node("Mul", "x std", "a"), node("Add", "mean a", "n")],
        [node("Gather", "x backwards", "n", axis=1)],
        [node("Neg", "x", "a"), node("Clip", "a low high", "b"), node("Cast", "b", "n", to=1)],
        [  # a channel each, as torchvision's GoogLeNet transforms its input
            *(node("Gather", f"x {index}", f"c{at}", axis=1) for at, index in enumerate(("zero", "one", "two"))),
            *(node("Unsqueeze", f"c{at} axis", f"u{at}") for at in range(3)),
            *(node("Mul", "u1 tight", "m"), node("Concat", "u0 m u2", "n", axis=1)),
        ],
    ],
)
def test_what_scales_and_moves_channels_goes_into_the_first_convolution(nodes: list[Any]) -> None:
    assert kinds(run(UNIT, *nodes, CONV)) == [*BYTES, "Conv"]


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Transpose", "x", "n", perm=[0, 3, 1, 2])],
        [
            *(node("Sub", "x mean_last", "a"), node("Gather", "a backwards", "b", axis=3)),
            node("Transpose", "b", "n", perm=[0, 3, 1, 2]),
        ],
    ],
)
def test_channels_last_are_a_matter_of_the_first_weights(nodes: list[Any]) -> None:
    assert kinds(run(TF, *nodes, CONV)) == [*BYTES, "Conv"]


def test_each_convolution_that_reads_the_image_gets_weights_of_its_own() -> None:
    branches = [node("Conv", "x w2", "a"), node("Mul", "x tight", "n"), node("Conv", "n w2", "b")]
    assert kinds(run(IMAGENET, *branches, node("Add", "a b", "y"))) == [*BYTES, "Conv", "Conv", "Add"]


@pytest.mark.parametrize(
    ("rule", "nodes", "expected"),
    [
        (UNIT, [node("Clip", "x _ tight", "n"), CONV], ["Conv", "Clip", "Conv"]),  # not affine
        (IMAGENET, [node("Conv", "x w3", "y", group=3, pads=[1, 1, 1, 1])], ["Conv", "Conv"]),  # each channel alone
        (IMAGENET, [node("MaxPool", "x", "y", kernel_shape=[2, 2])], ["Conv", "MaxPool"]),
        (IMAGENET, [node("Sub", "x mean", "n"), node("Relu", "n", "y")], ["Conv", "Relu"]),
        (IMAGENET, [node("Slice", "x begin end axes", "n"), CONV], ["Conv", "Slice", "Conv"]),  # a part of the image
        (IMAGENET, [node("Transpose", "x", "n", perm=[0, 1, 3, 2]), CONV], ["Conv", "Transpose", "Conv"]),
        (TF, [node("ReduceMax", "x", "y", axes=[1, 2])], ["Conv", "Transpose", "ReduceMax"]),
    ],
)
def test_what_is_no_convolution_reads_one_of_one_pixel(rule: PixelRule, nodes: list[Any], expected: list[str]) -> None:
    assert kinds(run(rule, *nodes)) == [*BYTES, *expected]


def _steps(rule: PixelRule) -> PixelSteps:
    return PixelSteps.of(rule.mean, rule.std, rule.scale)


def test_the_zero_point_is_near_the_mean_and_the_scale_a_power_of_two() -> None:
    assert _steps(IMAGENET) == PixelSteps(1 / 32, 114)
    assert _steps(CAFFE) == PixelSteps(1.0, 115)
    assert _steps(TF) == PixelSteps(1 / 64, 128)
    assert _steps(UNIT) == PixelSteps(1 / 128, 0)
    assert _steps(BRIGHT).zero_point == 192


def test_rounding_happens_once() -> None:
    made = run(PixelRule(HERE, scale=1.0, mean=(127.0,) * 3, std=(128.0,) * 3), first())
    weight = made.constants[made.nodes[2].input[1]]
    np.testing.assert_array_equal(weight[:, :3], CONSTANTS["square"])
    assert not weight[:, 3].any()
    assert attribute(made.nodes[2], "pads", []) == [1, 0, 2, 1]
