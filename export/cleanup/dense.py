"""Dense layers: one Gemm behind a Flatten at the end, convolutions of 1 x 1 before it."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute, is_set
from .draft import Constant, Draft, Shapes
from .free_batch import reshape

ELEMENTWISE = {
    *("Relu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "LeakyRelu", "Elu", "Erf", "BatchNormalization"),
    *("Add", "Sub", "Mul", "Div"),
}
RESHAPING = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")


def keep_images(draft: Draft) -> None:
    """Bring Flatten down to the last dense layer; dense layers before it become convolutions over all of the image."""
    _write_flattens(draft)
    _write_gemms(draft)
    while _sink(draft):
        draft.remove_unread()
    _make_head(draft)
    draft.remove_unread()


def _write_flattens(draft: Draft) -> None:
    """Write what makes (N, C * H * W) of (N, C, H, W) as Flatten, and what makes nothing as nothing."""
    shapes = draft.shapes()
    for node in [node for node in draft.nodes if node.op_type in RESHAPING]:
        before, after = (shapes.get(name, ()) for name in (node.input[0], node.output[0]))
        if before[:1] != (draft.batch,) or after[:1] != (draft.batch,):
            continue
        if before == after:
            draft.bypass(node)
        elif len(before) == 4 and len(after) == 2:
            draft.replace(node, helper.make_node("Flatten", [node.input[0]], [node.output[0]], node.name))
        elif len(before) == 2 and after == (*before, 1, 1):
            draft.replace(node, reshape(draft, node.input[0], before, after, node.output[0]))


def _write_gemms(draft: Draft) -> None:
    """Write dense layers as Gemm with weights (O, I), a bias (O,) and no factors."""
    shapes = draft.shapes()
    for node in [node for node in draft.nodes if node.op_type in ("Gemm", "MatMul")]:
        weight = draft.constant(node, 1)
        if weight is None or weight.ndim != 2 or len(shapes.get(node.input[0], ())) != 2 or is_set(node, "transA"):
            continue
        weight = weight.astype(np.float64) * attribute(node, "alpha", 1.0)
        weight = weight if is_set(node, "transB") else weight.T
        bias = draft.constant(node, 2)
        if bias is None and len(node.input) > 2 and node.input[2]:
            continue
        bias = np.zeros(()) if bias is None else bias.astype(np.float64) * attribute(node, "beta", 1.0)
        if bias.size not in (1, len(weight)):
            continue
        names = _layer(draft, node.output[0], weight, np.broadcast_to(bias.reshape(-1), (len(weight),)))
        draft.replace(node, helper.make_node("Gemm", [node.input[0], *names], node.output, node.name, transB=1))


def _layer(draft: Draft, name: str, weight: Constant, bias: Constant) -> list[str]:
    return [
        draft.add_constant(f"{name}_{part}", array.astype(np.float32))
        for part, array in (("weight", weight), ("bias", bias))
    ]


def _sink(draft: Draft) -> bool:
    """Move one Flatten, or all that one node reads, behind their reader. Returns whether there was one to move."""
    shapes = draft.shapes()
    for node in draft.nodes:
        flat = {name: made for name in node.input if (made := draft.maker(name, "Flatten")) is not None}
        if flat and (moved := _on_images(draft, shapes, node, flat)) is not None:
            draft.replace(node, *moved)
            return True
    return False


def _on_images(
    draft: Draft, shapes: Shapes, node: onnx.NodeProto, flat: dict[str, onnx.NodeProto]
) -> list[onnx.NodeProto] | None:
    """Return what computes on (N, C, H, W) what a node does with it flattened, None if it can't be."""
    source = flat[node.input[0]].input[0] if node.input[0] in flat else ""
    pixel = all(shapes.get(made.input[0], ())[2:] == (1, 1) for made in flat.values())
    if node.op_type == "Reshape" and pixel and shapes.get(node.output[0], ()) == shapes[source]:
        return [helper.make_node("Identity", [source], node.output, node.name)]
    image = draft.fresh(f"{node.output[0]}_image")
    flatten = helper.make_node("Flatten", [image], node.output, image)
    if node.op_type == "Gemm" and node.output[0] != draft.output and is_set(node, "transB") and source:
        weight = draft.constants[node.input[1]]
        kernel = draft.add_constant(f"{image}_kernel", weight.reshape(len(weight), *shapes[source][1:]))
        side = list(shapes[source][2:])
        conv = helper.make_node("Conv", [source, kernel, node.input[2]], [image], node.name, kernel_shape=side)
        return [conv, flatten]
    if node.op_type in ELEMENTWISE and pixel:
        operands = [_operand(draft, name, flat) for name in node.input]
        if node.op_type in ("Clip", "BatchNormalization"):
            operands = [source, *node.input[1:]]
        if None in operands:
            return None
        moved = onnx.NodeProto()
        moved.CopyFrom(node)
        moved.input[:], moved.output[:] = [name or "" for name in operands], [image]
        return [moved, flatten]
    return None


def _operand(draft: Draft, name: str, flat: dict[str, onnx.NodeProto]) -> str | None:
    """Return the image that is an operand of a sum or product in place of a flattened one."""
    if name in flat:
        return str(flat[name].input[0])
    constant = draft.constants.get(name)
    if constant is None or constant.ndim > 2:
        return None
    if constant.size == 1:
        return name
    return draft.add_constant(name, constant.reshape(-1, 1, 1))


def _make_head(draft: Draft) -> None:
    """Write a convolution that is the last layer, on an image of one pixel, as the Gemm that it is."""
    shapes = draft.shapes()
    flatten = draft.maker(draft.output, "Flatten")
    conv = draft.maker(flatten.input[0], "Conv") if flatten is not None else None
    if flatten is None or conv is None or not draft.is_only_reader(flatten, conv.output[0]):
        return
    weight, bias = draft.constant(conv, 1), draft.constant(conv, 2)
    if weight is None or weight.shape[1:] != shapes[conv.input[0]][1:] or any(attribute(conv, "pads", [0])):
        return
    flat = draft.fresh(f"{conv.output[0]}_flat")
    weight = weight.reshape(len(weight), -1)
    names = _layer(draft, conv.output[0], weight, np.zeros(len(weight)) if bias is None else bias)
    draft.replace(conv, helper.make_node("Flatten", [conv.input[0]], [flat], flat))
    draft.replace(flatten, helper.make_node("Gemm", [flat, *names], flatten.output, conv.name, transB=1))
