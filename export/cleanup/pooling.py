"""Means over height and width as GlobalAveragePool."""

import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Draft, Shape


def pool_globally(draft: Draft) -> None:
    """Write a ReduceMean over height and width, or an AveragePool over all of both, as GlobalAveragePool."""
    shapes = draft.shapes()
    for node in list(draft.nodes):
        shape = shapes.get(node.input[0], ())
        if len(shape) == 4 and (_is_mean(draft, node) or _is_whole_pool(node, shape)):
            keeps = node.op_type != "ReduceMean" or attribute(node, "keepdims", 1)
            pooled = node.output[0] if keeps else draft.fresh(f"{node.output[0]}_pooled")
            pool = helper.make_node("GlobalAveragePool", [node.input[0]], [pooled], node.name)
            flat = [] if keeps else [helper.make_node("Flatten", [pooled], [node.output[0]], pooled)]
            draft.replace(node, pool, *flat)
    draft.remove_unread()


def _is_mean(draft: Draft, node: onnx.NodeProto) -> bool:
    if node.op_type != "ReduceMean":
        return False
    operand = draft.constant(node, 1)
    axes = attribute(node, "axes", []) if operand is None else operand.tolist()
    return sorted(axis % 4 for axis in axes) == [2, 3]


def _is_whole_pool(node: onnx.NodeProto, shape: Shape) -> bool:
    whole = node.op_type == "AveragePool" and tuple(attribute(node, "kernel_shape", ())) == shape[2:]
    return whole and not any(attribute(node, "pads", [0]))
