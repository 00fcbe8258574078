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
    draft.remove_unread()


def make_head(draft: Draft) -> None:
    """Write a convolution that is the last layer, on an image of one pixel, as the Gemm that it is."""
    shapes = draft.shapes()
    flatten, conv = draft.maker(draft.output, "Flatten"), draft.maker(_flattened(draft, shapes, draft.output), "Conv")
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
        flat = {name: image for name in node.input if (image := _flattened(draft, shapes, name))}
        if not flat:
            continue
        source = flat.get(node.input[0], "")
        pixels = all(shapes.get(image, ())[2:] == (1, 1) for image in flat.values())
        if node.op_type == "Reshape" and pixels and shapes.get(node.output[0]) == shapes[source]:
            draft.redirect(node.output[0], source)
            return True
        image = draft.fresh(f"{node.output[0]}_image")
        if (moved := _on_images(draft, shapes, node, flat, pixels, image)) is not None:
            draft.replace(node, moved, helper.make_node("Flatten", [image], node.output, image))
            return True
    return False


def _flattened(draft: Draft, shapes: Shapes, name: str) -> str:
    """Return the images (N, C, H, W) that a tensor (N, C * H * W) is made of by Flatten, "" if it isn't."""
    flatten = draft.maker(name, "Flatten")
    if flatten is None or attribute(flatten, "axis", 1) != 1 or len(shapes.get(flatten.input[0], ())) != 4:
        return ""
    return str(flatten.input[0])


def _on_images(
    draft: Draft, shapes: Shapes, node: onnx.NodeProto, flat: dict[str, str], pixels: bool, image: str
) -> onnx.NodeProto | None:
    """Return the node that makes tensor `image` (N, C, H, W) of what `node` reads flattened; None if it can't be.

    `flat` are the images by the names of what is flattened of them, `pixels` whether all are of one pixel.
    """
    source = flat.get(node.input[0], "")
    weight, bias = draft.constant(node, 1), draft.constant(node, 2)
    if node.op_type == "Gemm" and node.output[0] != draft.output:
        if not is_set(node, "transB") or weight is None or bias is None or bias.ndim != 1 or source not in shapes:
            return None
        side = list(shapes[source][2:])
        kernel = draft.add_constant(f"{image}_kernel", weight.reshape(len(weight), *shapes[source][1:]))
        return helper.make_node("Conv", [source, kernel, node.input[2]], [image], node.name, kernel_shape=side)
    if node.op_type not in ELEMENTWISE or not pixels:
        return None
    if node.op_type in ("Clip", "BatchNormalization"):
        operands: list[str | None] = [source, *node.input[1:]]
    else:
        operands = [_operand(draft, name, flat) for name in node.input]
    if None in operands:
        return None
    moved = onnx.NodeProto()
    moved.CopyFrom(node)
    moved.input[:], moved.output[:] = [name or "" for name in operands], [image]
    return moved


def _operand(draft: Draft, name: str, flat: dict[str, str]) -> str | None:
    """Return what takes an operand's place beside images: an image, or a constant that fits; None of another."""
    constant = draft.constants.get(name)
    if constant is None or any(side != 1 for side in constant.shape[:-1]):
        return flat.get(name)
    return name if constant.size == 1 else draft.add_constant(name, constant.reshape(-1, 1, 1))
