"""The batch set free again, after shapes were settled for one."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Constant, Draft, Shape, Shapes

BROADCASTING = ("Add", "Sub", "Mul", "Div")


def free_batch(draft: Draft) -> None:
    """Let nodes that were told the batch take it from what they read."""
    shapes = draft.shapes()
    for node in list(draft.nodes):
        if node.op_type == "Gather":
            _unstride(draft, shapes, node)
        elif node.op_type == "Concat":
            _repeat_by_padding(draft, shapes, node)
        elif node.op_type in BROADCASTING:
            _repeat_by_broadcasting(draft, shapes, node)
        elif node.op_type == "Resize":
            _resize_by_scales(draft, shapes, node)
    for node in list(draft.nodes):
        before, after = (shapes.get(name, ()) for name in (node.input[0], node.output[0]))
        if node.op_type == "Reshape" and before and after:
            draft.replace(node, reshape(draft, node.input[0], before, after, node.output[0]))
    draft.remove_unread()


def reshape(draft: Draft, source: str, before: Shape, after: Shape, output: str) -> onnx.NodeProto:
    """Return a Reshape from one shape to another, but for the batch, which is whatever it is.

    The batch is the dimension that is a multiple of it; where it is told apart from no other number, the first.
    """
    at = next((at for at, side in enumerate(after) if side % draft.batch == 0), 0)
    free = 0 if at == 0 and before[0] == after[0] else -1  # 0: as in what is read
    sides = [*after[:at], free, *after[at + 1 :]]
    operand = draft.add_constant(f"{output}_shape", np.array(sides, np.int64))
    return helper.make_node("Reshape", [source, operand], [output], output)


def _unstride(draft: Draft, shapes: Shapes, gather: onnx.NodeProto) -> None:
    """Replace Reshape to a line and Gather of all its numbers in order: what torch writes for `as_strided`."""
    line, places = draft.maker(gather.input[0], "Reshape"), draft.constant(gather, 1)
    if line is None or places is None or attribute(gather, "axis", 0) != 0:
        return
    before = shapes.get(line.input[0], ())
    if before and np.array_equal(places.ravel(), np.arange(np.prod(before))):
        draft.replace(gather, reshape(draft, line.input[0], before, places.shape, gather.output[0]))


def _repeat_by_padding(draft: Draft, shapes: Shapes, concat: onnx.NodeProto) -> None:
    """Replace Concat of a tensor and constants that are the same for each image, as class tokens are.

    Padded with zeros, it is added to what holds the constants, and zeros in its own place.
    """
    shape = shapes.get(concat.output[0], ())
    others = [name for name in concat.input if name not in draft.constants]
    if len(others) != 1 or len(concat.input) == 1 or not shape or others[0] not in shapes:
        return
    axis = attribute(concat, "axis", 0) % len(shape)
    rows = [_row(draft.constants.get(name), shapes[name]) for name in concat.input]
    at = list(concat.input).index(others[0])
    if axis == 0 or any(row is None for i, row in enumerate(rows) if i != at):
        return
    pads = np.zeros((2, len(shape)), np.int64)
    pads[:, axis] = [sum(shapes[name][axis] for name in part) for part in (concat.input[:at], concat.input[at + 1 :])]
    name = concat.output[0]
    padded, amounts = draft.fresh(f"{name}_padded"), draft.add_constant(f"{name}_pads", pads.ravel())
    added = draft.add_constant(f"{name}_rows", np.concatenate([row for row in rows if row is not None], axis))
    pad = helper.make_node("Pad", [others[0], amounts], [padded], padded)
    draft.replace(concat, pad, helper.make_node("Add", [padded, added], [name], concat.name))


def _repeat_by_broadcasting(draft: Draft, shapes: Shapes, node: onnx.NodeProto) -> None:
    """Let a constant that is the same for each image be there once."""
    rank = len(shapes.get(node.output[0], ()))
    for at, name in enumerate(node.input):
        constant = draft.constants.get(name)
        if draft.batch > 1 and constant is not None and constant.ndim == rank and len(constant) == draft.batch:
            row = _row(constant, constant.shape)
            node.input[at] = name if row is None else draft.add_constant(name, row)


def _resize_by_scales(draft: Draft, shapes: Shapes, node: onnx.NodeProto) -> None:
    """Write the sizes that a Resize is told, of the batch too, as scales that give them."""
    before, after = (shapes.get(name, ()) for name in (node.input[0], node.output[0]))
    if draft.constant(node, 3) is None or attribute(node, "axes", None) is not None or not before or not after:
        return
    scales = np.divide(after, before).astype(np.float32)
    scales = np.where(np.floor(scales * np.array(before)) < after, np.nextafter(scales, np.float32(np.inf)), scales)
    node.input[2:] = [draft.add_constant(f"{node.output[0]}_scales", scales)]


def _row(constant: Constant | None, shape: Shape) -> Constant | None:
    """Return a constant for one image, zeros for no constant; None where it is not the same for each."""
    if constant is None:
        return np.zeros((1, *shape[1:]), np.float32)
    return constant[:1] if (constant == constant[:1]).all() else None
