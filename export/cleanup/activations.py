"""Activations as the one operator that they are."""

import numpy as np
import onnx
from onnx import helper

from ..graph.graph_view import attribute
from .draft import Constant, Draft

SIXTH, HALF = np.float32(1 / 6), np.float32(0.5)


def name_activations(draft: Draft) -> None:
    """Write Clip from 0 as Relu, and what spells out hard sigmoid and hard swish as HardSigmoid and HardSwish."""
    for rule in (_relu, _hard_sigmoid, _hard_swish_of_clip, _hard_swish):
        for node in list(draft.nodes):
            if (other := rule(draft, node)) is not None:
                draft.replace(node, other)
        draft.remove_unread()


def _relu(draft: Draft, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Find Clip from 0 up to nothing."""
    if node.op_type != "Clip" or not _is(draft.constant(node, 1), 0):
        return None
    high = draft.constant(node, 2)
    unlimited = high >= np.finfo(np.float32).max if high is not None else not any(node.input[2:])
    return helper.make_node("Relu", node.input[:1], node.output, node.name) if unlimited else None


def _hard_sigmoid(draft: Draft, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Find Clip(x + 3, 0, 6) / 6."""
    divided = _sixth(draft, node)
    x = _shifted_clip(draft, divided)
    return _hard(node, x) if x else None


def _hard_swish_of_clip(draft: Draft, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Find the product x * Clip(x + 3, 0, 6), divided by 6."""
    product = draft.maker(_sixth(draft, node), "Mul")
    if product is None:
        return None
    for x, clip in (product.input, product.input[::-1]):
        if _shifted_clip(draft, clip) == x:
            return helper.make_node("HardSwish", [x], node.output, node.name)
    return None


def _hard_swish(draft: Draft, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Find the product x * HardSigmoid(x) with slope 1/6."""
    if node.op_type != "Mul":
        return None
    for x, gate in (node.input, node.input[::-1]):
        hard = draft.maker(gate, "HardSigmoid")
        if hard is not None and hard.input[0] == x:
            slope, shift = attribute(hard, "alpha", 0.2), attribute(hard, "beta", 0.5)
            if np.isclose(slope, SIXTH, rtol=1e-6, atol=0) and shift == HALF:
                return helper.make_node("HardSwish", [x], node.output, node.name)
    return None


def _hard(node: onnx.NodeProto, x: str) -> onnx.NodeProto:
    return helper.make_node("HardSigmoid", [x], node.output, node.name, alpha=float(SIXTH), beta=float(HALF))


def _sixth(draft: Draft, node: onnx.NodeProto) -> str:
    """Return the tensor that a node divides by 6, "" if it does something else."""
    if node.op_type == "Div" and _is(draft.constant(node, 1), 6):
        return str(node.input[0])
    if node.op_type == "Mul":
        for at in (0, 1):
            if _is(draft.constant(node, at), 1 / 6):
                return str(node.input[1 - at])
    return ""


def _shifted_clip(draft: Draft, name: str) -> str:
    """Return x of a tensor Clip(x + 3, 0, 6), "" of another."""
    clip = draft.maker(name, "Clip")
    if clip is None or not _is(draft.constant(clip, 1), 0) or not _is(draft.constant(clip, 2), 6):
        return ""
    add = draft.maker(clip.input[0], "Add")
    if add is None:
        return ""
    return next((str(add.input[1 - at]) for at in (0, 1) if _is(draft.constant(add, at), 3)), "")


def _is(constant: Constant | None, value: float) -> bool:
    return constant is not None and constant.size == 1 and bool(np.isclose(constant.item(), value, rtol=1e-6, atol=0))
