"""Nodes as operator sets up to 17 write them."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Draft, set_attributes

REDUCING = ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceProd")


def lower(draft: Draft) -> None:
    """Write what operator sets after 17 write otherwise as up to 17: axes, sizes of parts, Gelu."""
    shapes = draft.shapes()
    for node in list(draft.nodes):
        axes = draft.constant(node, 1)
        if node.op_type in REDUCING and axes is not None:
            node.input.pop()
            set_attributes(node, axes=axes.tolist(), noop_with_empty_axes=None)
        elif node.op_type == "Split" and attribute(node, "num_outputs", 0):
            axis = attribute(node, "axis", 0)
            sizes = np.array([shapes[name][axis] for name in node.output], np.int64)
            set_attributes(node, num_outputs=None)
            node.input[1:] = [draft.add_constant(f"{node.output[0]}_sizes", sizes)]
        elif node.op_type == "Resize":
            stretched = attribute(node, "keep_aspect_ratio_policy", b"stretch") == b"stretch"
            if stretched and not attribute(node, "antialias", 0):  # as it is without these attributes
                set_attributes(node, antialias=None, keep_aspect_ratio_policy=None)
        elif node.op_type == "Gelu":
            draft.replace(node, *_gelu(draft, node))


def _gelu(draft: Draft, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Return the nodes of x * (1 + erf(x / sqrt 2)) / 2, or of what stands in for it with tanh (arXiv:1606.08415)."""
    x, name, nodes = node.input[0], node.output[0], list[onnx.NodeProto]()

    def add(kind: str, *inputs: str | float, output: str = "") -> str:
        made = output or draft.fresh(name)
        operands = [
            read if isinstance(read, str) else draft.add_constant(name, np.array(read, np.float32)) for read in inputs
        ]
        nodes.append(helper.make_node(kind, operands, [made], made))
        return made

    if attribute(node, "approximate", b"none") == b"tanh":
        cube = add("Mul", add("Mul", add("Mul", x, x), x), 0.044715)
        curve = add("Tanh", add("Mul", add("Add", x, cube), float(np.sqrt(2 / np.pi))))
    else:
        curve = add("Erf", add("Div", x, float(np.sqrt(2))))
    add("Mul", add("Mul", x, add("Add", curve, 1.0)), 0.5, output=name)
    return nodes
