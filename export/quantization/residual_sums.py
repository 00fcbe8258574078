"""Sums of two activations, as residual blocks have them, so quantized that every CPU adds alike; what is joined, too.

onnxruntime adds uint8 tensors in float: it brings both to the scale of the sum, adds, and rounds. Some CPUs fuse a
multiplication with an addition, others don't, so the last bit may differ and tip the rounding. With one scale for all
three the sum is a whole number of steps, at most 510, and float is within a thousandth of it: there is nothing to tip.
A concatenation whose parts have its scale rounds nothing twice.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from ..graph.graph_view import input_name
from .calibration import Range

# These give what they read, in its scale.
SAME_SCALE = ("MaxPool", "Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Split", "Slice")
LEVELS = 255  # steps of uint8
SMALLEST_SPAN = 1e-6  # of a net whose sums are all zero


def sum_overrides(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> dict[str, list[dict[str, Any]]]:
    """Return scale and zero point of the tensors that sums read and give, in onnxruntime's terms.

    `model` is float, `ranges` as for `quantize`. The scale of a sum is that of its widest tensor. Sums with a tensor of
    no range (constants, pixels) are left as they are, and unproven.
    """
    overrides = {}
    for names in joined_tensors(model):
        if not names <= ranges.keys():
            continue
        lows = {name: min(ranges[name][0], 0.0) for name in names}
        span = max(max(ranges[name][1], 0.0) - lows[name] for name in names)
        scale = np.float32(max(span, SMALLEST_SPAN) / LEVELS)
        for name, low in lows.items():
            zero_point = np.array(round(-low / float(scale)), np.uint8)
            overrides[name] = [{"scale": np.array(scale), "zero_point": zero_point}]
    return overrides


def joined_tensors(model: onnx.ModelProto) -> Sequence[set[str]]:
    """Return the names of the tensors that must have one scale: those of a sum, and of sums of the same tensors."""
    groups: list[set[str]] = []
    for names in _sums(model):
        apart = [group for group in groups if not group & names]
        groups = [*apart, names.union(*(group for group in groups if group & names))]
    return groups


def kept_clips(model: onnx.ModelProto, overrides: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Return the names of the Clips that can't be the range of what is in front, since the scale of a sum sets that."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}

    def is_kept(node: onnx.NodeProto) -> bool:
        if node.input[0] in overrides or node.output[0] not in overrides:
            return node.input[0] in overrides
        [entry] = overrides[node.output[0]]
        scale, zero_point = float(entry["scale"]), int(entry["zero_point"])
        limits = [constants.get(input_name(node, at)) for at in (1, 2)]
        low, high = (math.nan if limit is None else float(numpy_helper.to_array(limit).item()) for limit in limits)
        return -scale * zero_point < low - scale / 2 or high + scale / 2 < scale * (LEVELS - zero_point)

    return [node.name for node in model.graph.node if node.op_type == "Clip" and is_kept(node)]


def _sums(model: onnx.ModelProto) -> Iterator[set[str]]:
    """Yield the tensors that each sum reads and gives; a ReLU behind it is part of it, as in the int8 graph.

    Of concatenations the same, but for parts that several of them read, as dense blocks do: their ranges grow apart.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    readers = {name: [node for node in model.graph.node if name in node.input] for name in makers}
    for node in model.graph.node:
        if node.op_type == "Add":
            behind = readers[node.output[0]]
            given = behind[0] if [reader.op_type for reader in behind] == ["Relu"] else node
            yield {*(scale_owner(name, makers) for name in node.input), given.output[0]}
        elif node.op_type == "Concat":
            alone = (
                name for name in node.input if [each.op_type for each in readers.get(name, [])].count("Concat") < 2
            )
            yield {*(scale_owner(name, makers) for name in alone), node.output[0]}


def scale_owner(name: str, makers: Mapping[str, onnx.NodeProto]) -> str:
    """Return the tensor whose scale a tensor has: itself, or what was pooled or moved to make it."""
    while name in makers and makers[name].op_type in SAME_SCALE:
        name = makers[name].input[0]
    return name
