"""BatchNormalization that stands before its convolution, or in front of none."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Constant, Draft


def fold_batchnorms(draft: Draft) -> None:
    """Fold each BatchNormalization of images into the convolution before it, or make it a depthwise one of 1 x 1."""
    shapes = draft.shapes()
    for node in [node for node in draft.nodes if node.op_type == "BatchNormalization"]:
        constants = [draft.constant(node, at) for at in (1, 2, 3, 4)]
        if len(shapes.get(node.input[0], ())) != 4 or any(constant is None for constant in constants):
            continue
        factor, shift = _affine(constants, attribute(node, "epsilon", 1e-5))
        conv = draft.maker(node.input[0], "Conv")
        if conv is not None and draft.is_only_reader(node, conv.output[0]) and draft.constant(conv, 1) is not None:
            _fold(draft, conv, factor, shift)
            draft.bypass(node)
        else:
            names = [
                draft.add_constant(f"{node.output[0]}_factor", factor.astype(np.float32).reshape(-1, 1, 1, 1)),
                draft.add_constant(f"{node.output[0]}_shift", shift.astype(np.float32)),
            ]
            inputs = [node.input[0], *names]
            one = helper.make_node("Conv", inputs, node.output[:1], node.name, kernel_shape=[1, 1], group=len(factor))
            draft.replace(node, one)
    draft.remove_unread()


def _affine(constants: list[Constant | None], epsilon: float) -> tuple[Constant, Constant]:
    """Return what a BatchNormalization multiplies by and then adds, float64 (C,)."""
    scale, bias, mean, variance = (np.asarray(constant, np.float64) for constant in constants)
    factor = scale / np.sqrt(variance + epsilon)
    return factor, bias - mean * factor


def _fold(draft: Draft, conv: onnx.NodeProto, factor: Constant, shift: Constant) -> None:
    weight, bias = draft.constants[conv.input[1]], draft.constant(conv, 2)
    folded = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
    added = shift if bias is None else bias * factor + shift
    name = conv.output[0]
    conv.input[1:] = [
        draft.add_constant(f"{name}_weight", folded.astype(np.float32)),
        draft.add_constant(f"{name}_bias", added.astype(np.float32)),
    ]
