"""Means and maxima over height and width as global pools, and average pools by their plainest attributes."""

import onnx
from onnx import helper

from ..graph.graph_view import attribute, is_set
from .draft import Draft, Shape, set_attributes


def pool_globally(draft: Draft) -> None:
    """Write means over height and width as GlobalAveragePool, and maxima as MaxPool over all of both."""
    shapes = draft.shapes()
    for node in list(draft.nodes):
        shape = shapes.get(node.input[0], ())
        if len(shape) == 4 and (_is_reduction(draft, node) or _is_whole_pool(node, shape)):
            keeps = not node.op_type.startswith("Reduce") or attribute(node, "keepdims", 1)
            pooled = node.output[0] if keeps else draft.fresh(f"{node.output[0]}_pooled")
            flat = [] if keeps else [helper.make_node("Flatten", [pooled], [node.output[0]], pooled)]
            draft.replace(node, _pool(node, shape, pooled), *flat)
    draft.remove_unread()


def _pool(node: onnx.NodeProto, shape: Shape, output: str) -> onnx.NodeProto:
    """Return what pools the image that `node` reads; a maximum is one of its numbers, which MaxPool copies."""
    if node.op_type in ("ReduceMax", "GlobalMaxPool"):
        return helper.make_node("MaxPool", [node.input[0]], [output], node.name, kernel_shape=shape[2:])
    return helper.make_node("GlobalAveragePool", [node.input[0]], [output], node.name)


def round_down(draft: Draft) -> None:
    """Take the rounding up of its size from each AveragePool whose windows leave nothing over."""
    shapes = draft.shapes()
    for node in draft.nodes:
        if node.op_type == "AveragePool" and is_set(node, "ceil_mode"):
            shape = shapes.get(node.input[0], ())
            if shape and _leaves_nothing(node, shape):
                set_attributes(node, ceil_mode=None)


def _leaves_nothing(node: onnx.NodeProto, shape: Shape) -> bool:
    sides = len(shape) - 2
    kernel = attribute(node, "kernel_shape", [])
    pads, strides = attribute(node, "pads", [0] * 2 * sides), attribute(node, "strides", [1] * sides)
    dilations = attribute(node, "dilations", [1] * sides)
    moved = (
        side + pads[at] + pads[at + sides] - dilations[at] * (kernel[at] - 1) - 1 for at, side in enumerate(shape[2:])
    )
    return not any(length % stride for length, stride in zip(moved, strides, strict=True))


def _is_reduction(draft: Draft, node: onnx.NodeProto) -> bool:
    if node.op_type not in ("ReduceMean", "ReduceMax"):
        return False
    operand = draft.constant(node, 1)
    axes = attribute(node, "axes", []) if operand is None else operand.tolist()
    return sorted(axis % 4 for axis in axes) == [2, 3]


def _is_whole_pool(node: onnx.NodeProto, shape: Shape) -> bool:
    whole = node.op_type == "AveragePool" and tuple(attribute(node, "kernel_shape", ())) == shape[2:]
    return node.op_type == "GlobalMaxPool" or (whole and not any(attribute(node, "pads", [0])))
