"""The rules of `rules` applied to every node of a graph, in whichever notation it is written."""

from collections.abc import Set

import numpy as np
import onnx

from ..graph.graph_view import GraphView, Steps, attribute, input_name, is_set
from .enumeration import FUNCTIONS
from .functions import FUSED, MOVERS, proven_outputs
from .rules import (
    Finding,
    Verdict,
    WeightedLayer,
    addition,
    concatenation,
    conversion,
    global_mean,
    no_rule,
    node_name,
    rounds,
    same_bits,
    weighted_layer,
)

DEQUANTIZE, QUANTIZE = "DequantizeLinear", "QuantizeLinear"

# These move or compare numbers: they have no rounding to differ in (core/providers/cpu/nn/pool.cc, and
# contrib_ops/cpu/quantization/nhwc_max_pool.cc).
MOVING = {*MOVERS, "Concat", "NhwcMaxPool", "Relu", "Clip"}
# In 32 bits when both sides are uint8 (core/mlas/lib/x86_64/QgemmU8U8KernelAvx2.S, aarch64/QgemmU8X8KernelNeon.S); the
# scales of what they multiply are found in float.
DYNAMIC = {"ConvInteger", "MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"}
FLOAT_LAYERS = {"FusedConv", "FusedGemm"}  # whose int8 weights are brought to float first
DOMAINS = {"", "ai.onnx", "com.microsoft", "com.microsoft.nchwc"}
FLOATS_AND_SHAPES = {"float32", "float16", "float64", "int64"}
CLIPPING = ("Relu", "Clip")
ALPHA = "its sums are multiplied by alpha, too"  # which may be denormal, infinite or no number


def findings(model: onnx.ModelProto) -> list[tuple[str, Finding]]:
    """Return the verdict for each node of a graph, by its name, in order."""
    view = GraphView(model)
    proven = proven_outputs(view)
    return [(node_name(node), _judge(view, node, proven)) for node in view.nodes]


def _judge(view: GraphView, node: onnx.NodeProto, proven: Set[str]) -> Finding:
    """Judge a node; `proven` are the tensors that `proven_outputs` found."""
    kind = node.op_type
    if node.domain not in DOMAINS or any(entry.HasField("g") or entry.graphs for entry in node.attribute):
        return no_rule(f"{kind} has no rule")
    if kind in MOVING:
        return same_bits("moves or compares numbers")
    if kind in (DEQUANTIZE, QUANTIZE):
        return conversion(view.steps(node, 1), kind)
    if kind in ("QLinearConv", "QGemm"):
        return no_rule(ALPHA) if _is_scaled(node) else weighted_layer(_fused_layer(view, node))
    if kind == "QLinearAdd":
        return addition(view.steps(node, 1), view.steps(node, 4), view.steps(node, 6))
    if kind == "QLinearGlobalAveragePool":
        return global_mean(view.steps(node, 1), view.steps(node, 3))
    if kind in ("Conv", "Gemm"):
        return _weighted(view, node)
    if kind == "QLinearConcat":
        return concatenation([view.steps(node, at) for at in (0, *range(3, len(node.input), 3))])
    if node.output[0] in proven and (kind in FUNCTIONS or kind in FUSED):
        return same_bits("each result is farther from a border than any CPU's error")
    if kind in ("Add", "GlobalAveragePool"):
        return _summing(view, node)
    return rounds("float sums") if kind in FLOAT_LAYERS else _other(view, node)


def _fused_layer(view: GraphView, node: onnx.NodeProto) -> WeightedLayer:
    """Return what a QLinearConv or QGemm computes."""
    conv = node.op_type == "QLinearConv"
    transposed = not conv and not is_set(node, "transB")
    weight = view.constant(input_name(node, 3))
    bias_at, output_at = (8, 6) if conv else (6, 7)
    has_output = conv or bool(input_name(node, output_at))
    return WeightedLayer(
        node_name(node),
        view.steps(node, 1),
        weight.T if weight is not None and transposed else weight,
        view.steps(node, 4),
        channel_axis=1,  # of the operator, which has no attribute for it
        has_bias=bool(input_name(node, bias_at)),
        bias=view.constant(input_name(node, bias_at)),
        output=view.steps(node, output_at) if has_output else None,
    )


def _weighted(view: GraphView, node: onnx.NodeProto) -> Finding:
    """Judge a Conv or Gemm by what onnxruntime makes of it, or may make of it on another CPU or in another release."""
    read, weights = (view.maker(input_name(node, at), DEQUANTIZE) for at in (0, 1))
    gemm = node.op_type == "Gemm"
    if read is None:
        # A Gemm (I, O) of int8 weights may become MatMulNBits, which rounds its input to int8 by itself
        # (qdq_transformer/selectors_actions/qdq_selectors.cc, DQMatMulNodeGroupSelector).
        if weights is not None and gemm and not is_set(node, "transB"):
            return no_rule("float times int8 weights (I, O) may be computed in int8")
        return rounds("float sums")
    rounding, between = _rounding_behind(view, node)
    if weights is None:
        # qdq_transformer/weight_bias_quantization.cc, since 1.21: rounds such weights to all of int8 before it runs.
        words = "its float weights are rounded to int8 when the file is loaded"
        return no_rule(words) if rounding is not None else rounds("float sums")
    if gemm and is_set(node, "transA"):
        return no_rule("its input is transposed")
    if _is_scaled(node):
        return no_rule(ALPHA)
    output = _output_steps(view, rounding, between)
    found = weighted_layer(_layer(view, node, (read, weights), output))
    fused = output is not None or (gemm and _is_read_as_float(view, node))
    if found.verdict is Verdict.SAME_BITS and not (fused and attribute(node, "beta", 1.0) == 1.0):
        return rounds("its output stays float")
    return found


def _is_scaled(node: onnx.NodeProto) -> bool:
    """Return whether a Gemm or QGemm has an alpha other than 1."""
    return bool(attribute(node, "alpha", 1.0) != 1.0)


def _layer(
    view: GraphView, node: onnx.NodeProto, dequantized: tuple[onnx.NodeProto, onnx.NodeProto], output: Steps | None
) -> WeightedLayer:
    """Return what a Conv or Gemm between DequantizeLinear and QuantizeLinear computes."""
    read, weights = dequantized
    transposed = node.op_type == "Gemm" and not is_set(node, "transB")
    weight = view.constant(weights.input[0])
    bias_name = input_name(node, 2)
    bias = view.maker(bias_name, DEQUANTIZE)
    return WeightedLayer(
        node_name(node),
        view.steps(read, 1),
        weight.T if weight is not None and transposed else weight,
        view.steps(weights, 1),
        channel_axis=1 if transposed else 0,
        has_bias=bool(bias_name),
        bias=view.constant(bias.input[0]) if bias is not None else view.constant(bias_name),
        output=output,
    )


def _summing(view: GraphView, node: onnx.NodeProto) -> Finding:
    """Judge an Add or GlobalAveragePool: in integers only between DequantizeLinear and QuantizeLinear."""
    read = [view.maker(name, DEQUANTIZE) for name in node.input]
    output = _output_steps(view, *_rounding_behind(view, node))
    inputs = [view.steps(maker, 1) for maker in read if maker is not None]
    if output is None or len(inputs) != len(read):
        return rounds("float sums")
    return addition(inputs[0], inputs[1], output) if node.op_type == "Add" else global_mean(inputs[0], output)


def _rounding_behind(view: GraphView, node: onnx.NodeProto) -> tuple[onnx.NodeProto | None, list[onnx.NodeProto]]:
    """Return the QuantizeLinear that alone reads a node's output, and the nodes that clip it on the way."""
    name, between = node.output[0], list[onnx.NodeProto]()
    while name not in view.outputs and len(view.readers(name)) == 1:
        [reader] = view.readers(name)
        if reader.op_type == QUANTIZE:
            return reader, between
        if reader.op_type not in CLIPPING:
            break
        between.append(reader)
        name = reader.output[0]
    return None, between


def _output_steps(view: GraphView, rounding: onnx.NodeProto | None, between: list[onnx.NodeProto]) -> Steps | None:
    """Return the steps that a layer fused with its rounding gives, None when it isn't.

    What clips between the two vanishes where it takes nothing off the range of the integers
    (qdq_transformer/relu_quantizelinear.cc, clip_quantizelinear.cc).
    """
    steps = view.steps(rounding, 1) if rounding is not None else None
    if steps is None or steps.zero_point is None or len(between) > 1:
        return None
    return steps if not between or _vanishes(view, between[0], steps) else None


def _vanishes(view: GraphView, clipping: onnx.NodeProto, steps: Steps) -> bool:
    """Return whether a Relu or Clip takes nothing off what integers can stand for."""
    if steps.zero_point is None:
        return False
    if clipping.op_type == "Relu":
        return not steps.zero_point.any()
    low, high = (view.constant(input_name(clipping, at)) for at in (1, 2))
    if low is None or high is None or low.size != 1 or high.size != 1 or steps.one_scale is None:
        return False
    scale, zero_point = np.float32(steps.one_scale), int(steps.zero_point.item())
    return bool(low.item() <= -scale * zero_point and scale * (255 - zero_point) <= high.item())


def _is_read_as_float(view: GraphView, node: onnx.NodeProto) -> bool:
    """Return whether a Gemm's sums leave as float: nothing behind it rounds or clips them (qdq_selectors.cc)."""
    return not any(reader.op_type in (QUANTIZE, *CLIPPING) for reader in view.readers(node.output[0]))


def _other(view: GraphView, node: onnx.NodeProto) -> Finding:
    """Judge what has no rule: float layers round, but integers could be multiplied in any way."""
    constants = [constant for name in node.input if (constant := view.constant(name)) is not None]
    read = [maker for name in node.input if (maker := view.maker(name, DEQUANTIZE)) is not None]
    weights = [view.constant(maker.input[0]) for maker in read]
    integers = {
        constant.dtype.name for constant in (*constants, *weights) if constant is not None and constant.size > 1
    }
    zero_points = {constant.dtype.name for constant in constants} | {view.steps(maker, 1).kind for maker in read}
    if node.op_type in DYNAMIC:
        alike = integers - {"float32"} == {"uint8"} and "int8" not in zero_points
        return rounds("the scale of its input is found in float") if alike else no_rule(f"{node.op_type} has no rule")
    if integers - FLOATS_AND_SHAPES or "int8" in zero_points:
        return no_rule(f"{node.op_type} of integers has no rule")
    return rounds(f"{node.op_type} is computed in float")
