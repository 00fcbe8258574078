"""Padding as numbers of the layer that needs it: `auto_pad` and Pad nodes go into convolutions and pools."""

import numpy as np
import onnx

from ..graph.graph_view import attribute
from .draft import Draft, Shape, set_attributes

POOLS = ("MaxPool", "AveragePool")
NOT_NEGATIVE = ("Relu", "Clip", "HardSigmoid", "Sigmoid")


def write_padding_out(draft: Draft) -> None:
    """Give each convolution and pool its `pads` in place of `auto_pad`, for the size of images that is settled.

    Where strides leave more out than a kernel covers, onnxruntime crops (core/providers/common.h, ComputePad), which no
    `pads` say: such a layer stays as it is, and so does one of unknown size.
    """
    shapes = draft.shapes()
    for node in draft.nodes:
        if node.op_type in ("Conv", *POOLS):
            mode = attribute(node, "auto_pad", b"NOTSET")
            pads = attribute(node, "pads", None)
            if mode in (b"SAME_UPPER", b"SAME_LOWER"):
                known = [shapes.get(name, ()) for name in node.input[:2]]
                if not all(known):
                    continue
                kernel = attribute(node, "kernel_shape", None) or known[1][2:]
                pads = _same(node, known[0], kernel, mode == b"SAME_LOWER")
            if pads is None or min(pads) >= 0:
                set_attributes(node, pads=pads, auto_pad=None)


def _same(node: onnx.NodeProto, shape: Shape, kernel: Shape, lower: bool) -> list[int]:
    """Return the pads, begin and end, for outputs of ceil(size / stride): TensorFlow's SAME."""
    sides = len(kernel)
    strides, dilations = attribute(node, "strides", [1] * sides), attribute(node, "dilations", [1] * sides)
    begins, ends = [], []
    for size, side, stride, dilation in zip(shape[2:], kernel, strides, dilations, strict=True):
        total = (-(-size // stride) - 1) * stride + dilation * (side - 1) + 1 - size
        begins.append((total + lower) // 2)
        ends.append(total - begins[-1])
    return begins + ends


def fold_pads(draft: Draft) -> None:
    """Let layers pad by themselves what Pad nodes pad for them with zeros. Other Pads stay."""
    shapes = draft.shapes()
    for pad in [node for node in draft.nodes if node.op_type == "Pad"]:
        amounts = _zeros(draft, pad, len(shapes.get(pad.input[0], ())))
        if amounts is None:
            continue
        for reader in draft.readers(pad.output[0]):
            if list(reader.input).count(pad.output[0]) == 1 and _may_pad(draft, pad, reader):
                own = attribute(reader, "pads", [0] * len(amounts))
                set_attributes(reader, pads=[a + b for a, b in zip(own, amounts, strict=True)])
                reader.input[0] = pad.input[0]
                if reader.op_type == "AveragePool":
                    set_attributes(reader, count_include_pad=1)
    draft.remove_unread()


def _may_pad(draft: Draft, pad: onnx.NodeProto, reader: onnx.NodeProto) -> bool:
    """Return whether a layer's own padding is worth the same as zeros, for an average pool that counts them."""
    if attribute(reader, "auto_pad", None) is not None:
        return False
    if reader.op_type == "Conv":
        return True
    if reader.op_type not in POOLS or any(attribute(reader, "pads", [0])) or attribute(reader, "ceil_mode", 0):
        return False
    # A maximum pads with less than all numbers: where none is below 0, a window's largest is the same.
    return reader.op_type == "AveragePool" or _is_not_negative(draft, pad.input[0])


def _is_not_negative(draft: Draft, name: str) -> bool:
    maker = draft.maker(name, *NOT_NEGATIVE)
    if maker is None or maker.op_type != "Clip":
        return maker is not None
    low = draft.constant(maker, 1)
    return low is not None and bool(low >= 0)


def _zeros(draft: Draft, pad: onnx.NodeProto, rank: int) -> list[int] | None:
    """Return how many zeros are put around height and width, begin and end; None if it is not that what is put."""
    amounts, value, axes = (draft.constant(pad, at) for at in (1, 2, 3))
    if rank != 4 or amounts is None or attribute(pad, "mode", b"constant") != b"constant":
        return None
    if len(pad.input) > 2 and pad.input[2] and (value is None or value != 0):
        return None
    table = np.zeros((2, rank), np.int64)
    table[:, np.arange(rank) if axes is None else axes] = amounts.reshape(2, -1)
    if table[:, :2].any() or (table < 0).any():
        return None
    return [int(number) for number in table[:, 2:].ravel()]
