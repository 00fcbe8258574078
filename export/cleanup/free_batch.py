"""The batch set free again, after shapes were settled for a batch of 1."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Draft, Shape, Shapes


def free_batch(draft: Draft) -> None:
    """Let each Reshape take its first dimension from what it reads, where that is the batch."""
    shapes = draft.shapes()
    for node in list(draft.nodes):
        if node.op_type == "Gather":
            _unstride(draft, shapes, node.output[0])
    shapes = draft.shapes()
    for node in list(draft.nodes):
        if node.op_type == "Reshape":
            before, after = shapes.get(node.input[0], ()), shapes.get(node.output[0], ())
            if before[:1] == after[:1] == (1,):
                draft.replace(node, reshape(draft, node.input[0], after, node.output[0]))
    draft.remove_unread()


def reshape(draft: Draft, source: str, shape: Shape, output: str) -> onnx.NodeProto:
    """Return a Reshape to `shape`, but for the batch, which stays."""
    operand = draft.add_constant(f"{output}_shape", np.array([0, *shape[1:]], np.int64))
    return helper.make_node("Reshape", [source, operand], [output], output)


def _unstride(draft: Draft, shapes: Shapes, name: str) -> None:
    """Replace Reshape to a line and Gather of all its numbers in order: what torch writes for `as_strided`."""
    gather = draft.maker(name, "Gather")
    line = draft.maker(gather.input[0], "Reshape") if gather is not None else None
    if gather is None or line is None or attribute(gather, "axis", 0) != 0:
        return
    places = draft.constant(gather, 1)
    size = int(np.prod(shapes.get(line.input[0], (0,))))
    if places is not None and np.array_equal(places.ravel(), np.arange(size)) and places.shape[:1] == (1,):
        draft.replace(gather, reshape(draft, line.input[0], places.shape, name))
