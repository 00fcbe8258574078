"""Clips that are the range of what is in front of them, and those that can't be since a sum sets the scale."""

import numpy as np
import onnx
import pytest
from edge_cifar.export.quantization.residual_sums import kept_clips
from onnx import helper, numpy_helper


def clipped(low: float | None, high: float | None) -> onnx.ModelProto:
    limits = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    names = [name if name in limits else "" for name in ("low", "high")]
    node = helper.make_node("Clip", ["x", *names], ["y"], "clip")
    tensors = [numpy_helper.from_array(np.float32(value), name) for name, value in limits.items()]
    return helper.make_model(helper.make_graph([node, helper.make_node("Relu", ["x"], ["z"])], "g", [], [], tensors))


def scale(of: str, step: float, zero_point: int = 0) -> dict[str, list[dict[str, np.ndarray]]]:
    return {of: [{"scale": np.array(step, np.float32), "zero_point": np.array(zero_point, np.uint8)}]}


@pytest.mark.parametrize(
    ("low", "high", "step", "zero_point", "kept"),
    [
        (0, 6, 6 / 255, 0, False),
        (0, 6, 6.01 / 255, 0, False),  # less than half a step
        (0, 6, 6.02 / 255, 0, True),
        (0, 6, 6 / 255, 1, True),  # below 0 by a step
        (-1, 6, 6 / 255, 1, False),
        (0, None, 9.0, 0, False),
        (None, 6, 9.0, 0, True),
        (None, None, 9.0, 7, False),
    ],
)
def test_a_clip_stays_where_the_scale_of_what_it_gives_goes_beyond_it(
    low: float | None, high: float | None, step: float, zero_point: int, kept: bool
) -> None:
    assert kept_clips(clipped(low, high), scale("y", step, zero_point)) == (["clip"] if kept else [])


def test_a_clip_of_a_sum_stays() -> None:
    assert kept_clips(clipped(0, 6), scale("x", 0.1)) == ["clip"]
    assert kept_clips(clipped(0, 6), scale("z", 9.0)) == []
