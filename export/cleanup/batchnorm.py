"""Factors and shifts of channels: BatchNormalization, and constants right behind a convolution."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Constant, Draft

ARITHMETIC = ("Mul", "Div", "Add", "Sub")


def fold_constants(draft: Draft) -> None:
    """Fold what multiplies the channels of a convolution by constants, or adds some, into its weights and bias."""
    shapes = draft.shapes()
    for node in list(draft.nodes):
        if node.op_type in ARITHMETIC and len(node.input) == 2:
            at = 0 if node.input[1] in draft.constants else 1
            conv, constant = _foldable(draft, node, node.input[at]), draft.constant(node, 1 - at)
            channels = shapes.get(node.input[at], ())[1:2]
            if conv is None or constant is None or constant.ndim > 4:
                continue
            if constant.shape[-3:] not in ((), (1,), (1, 1, 1), (*channels, 1, 1)):
                continue
            if constant.size not in (1, *channels) or (node.op_type == "Div" and at == 1):
                continue
            factor, shift = _by_constant(node.op_type, at, constant.astype(np.float64).reshape(-1))
            _fold(draft, conv, np.broadcast_to(factor, channels), np.broadcast_to(shift, channels))
            draft.replace(node)
            draft.redirect(node.output[0], conv.output[0])
    draft.remove_unread()


def fold_batchnorms(draft: Draft) -> None:
    """Fold each BatchNormalization of images into the convolution before it, or make it a depthwise one of 1 x 1."""
    shapes = draft.shapes()
    for node in [node for node in draft.nodes if node.op_type == "BatchNormalization"]:
        constants = [draft.constant(node, at) for at in (1, 2, 3, 4)]
        if len(shapes.get(node.input[0], ())) != 4 or any(constant is None for constant in constants):
            continue
        factor, shift = _affine(constants, attribute(node, "epsilon", 1e-5))
        conv = _foldable(draft, node, node.input[0])
        if conv is not None:
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


def _foldable(draft: Draft, node: onnx.NodeProto, name: str) -> onnx.NodeProto | None:
    """Return the convolution that makes a tensor, if `node` is all that reads it and its weights are constants."""
    conv = draft.maker(name, "Conv")
    if conv is None or not draft.is_only_reader(node, name) or draft.constant(conv, 1) is None:
        return None
    return None if len(conv.input) > 2 and conv.input[2] and draft.constant(conv, 2) is None else conv


def _by_constant(kind: str, at: int, constant: Constant) -> tuple[Constant, Constant]:
    """Return what `kind` multiplies its input `at` by and then adds, the other input being constant."""
    one, none = np.ones(1), np.zeros(1)
    match kind:
        case "Mul":
            return constant, none
        case "Div":
            return 1 / constant, none
        case "Add":
            return one, constant
        case _:
            return (one, -constant) if at == 0 else (-one, constant)


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
