"""How alike CPUs answer with a model: read off its graph, so that a file claims no more than is proven of it."""

from enum import StrEnum

import onnx

from .saturation import prove
from .sums import adds_whole_steps

# These round, move or compare numbers one by one, or add integers: every CPU does so alike. Not so what adds or
# approximates in float (BatchNormalization, Elu and GlobalAveragePool of dequantized values, Add of such with several
# scales), nor what finds its scales in float (DynamicQuantizeLinear).
EXACT = {
    *("QuantizeLinear", "DequantizeLinear", "QLinearConv", "QGemm"),
    *("Transpose", "Flatten", "Reshape", "MaxPool", "Relu"),
}


class Portability(StrEnum):
    """What is promised of a model's logits on other CPUs; its card says it in these words."""

    PROVEN = "same bits on every CPU"
    ROUNDING = "within rounding (float layers)"
    UNPROVEN = "NOT PORTABLE (16-bit sums may overflow)"


def portability(model: onnx.ModelProto) -> Portability:
    """Return what holds for a model, quantized or not."""
    if not all(proof.portable for proof in prove(model)):
        return Portability.UNPROVEN
    return Portability.PROVEN if is_integer(model) else Portability.ROUNDING


def is_integer(model: onnx.ModelProto) -> bool:
    """Return whether all adding is done in integers, with scales that are fixed."""
    makers = {node.output[0]: node.op_type for node in model.graph.node}
    return all(
        node.op_type in EXACT
        or (node.op_type == "Add" and adds_whole_steps(model, node))
        or (node.op_type in ("Conv", "Gemm") and {makers.get(name) for name in node.input[:2]} == {"DequantizeLinear"})
        for node in model.graph.node
    )
