"""What is written down of onnxruntime's operators: which compute the same bits on every CPU, when, and why.

Each rule names its source, in onnxruntime's repository under onnxruntime/, as of releases 1.17 to 1.32. A layer meets a
rule as it stands in the file, between DequantizeLinear and QuantizeLinear, and as onnxruntime fuses it (QLinearConv,
QGemm, QLinearAdd, QLinearGlobalAveragePool); `portability` asks for both.

Fusing is the same on every CPU for uint8 activations: what differs is int8 ones, which only Arm takes as they are
(core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.h, QDQIsInt8Allowed), and layouts of
float layers (core/optimizer/nchwc_transformer.cc). So int8 activations have no rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import onnx

from ..graph.graph_view import Constant, Steps
from .saturation import prove_weight

SMALLEST_NORMAL = np.finfo(np.float32).tiny


class Verdict(IntEnum):
    """How alike CPUs compute a node, the worse the higher."""

    SAME_BITS = 0
    ROUNDING = 1
    OVERFLOW = 2  # an integer layer whose sums may leave 16 or 32 bits
    NO_RULE = 3  # integers that nothing is written down about

    @property
    def in_integers(self) -> bool:
        """Whether a CPU whose sums fit gives the bits of every other such CPU."""
        return self in (Verdict.SAME_BITS, Verdict.OVERFLOW)


@dataclass(frozen=True)
class Finding:
    """A node's verdict and the reason, in words that follow its name."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class WeightedLayer:
    """A convolution or dense layer in integers: its input, weight, bias and output, whatever notation holds them.

    `weight` (O, I, ...) with output channels first, None unless it is a constant; `output` None for float logits.
    """

    name: str
    input: Steps
    weight: Constant | None
    weight_steps: Steps
    channel_axis: int  # that `weight_steps` must have where each channel has a scale
    has_bias: bool
    bias: Constant | None
    output: Steps | None


def same_bits(source: str) -> Finding:
    """Return the verdict for what is proven."""
    return Finding(Verdict.SAME_BITS, source)


def no_rule(reason: str) -> Finding:
    """Return the verdict for integers without a rule."""
    return Finding(Verdict.NO_RULE, reason)


def rounds(reason: str) -> Finding:
    """Return the verdict for what is computed in float."""
    return Finding(Verdict.ROUNDING, reason)


def weighted_layer(layer: WeightedLayer) -> Finding:
    """Judge a layer whose sums of products are exact in 32 bits (`saturation`) and leave them by one rounding.

    core/mlas/lib/quantize.cpp (MlasRequantizeOutput), ConvSymKernel*.S: int32 to float, times a scale (of input, weight
    and output) computed once a channel, rounded to even, clamped. contrib_ops/cpu/quantization/quant_gemm.cc: float
    logits are int32 times scale. Float sums are nowhere, so order and fused multiplication don't matter.
    """
    weight, steps = layer.weight, layer.weight_steps
    if weight is None or weight.dtype != np.int8:
        return no_rule("its weights are no int8 constants")
    if layer.input.kind != "uint8" or layer.input.one_scale is None:
        return no_rule("its input is not uint8 of one constant scale")
    if layer.output is not None and (layer.output.kind != "uint8" or not layer.output.for_whole_tensor):
        return no_rule("its output is not uint8 of one constant scale")
    if steps.kind != "int8" or not steps.usable or steps.zero_point is None or steps.zero_point.any():
        return no_rule("its weights have no constant scales, or a zero point other than 0")
    if steps.scale is None or not _fits(steps.scale, len(weight), steps.axis, layer.channel_axis):
        return no_rule("its weights' scales are not one for all or one for each output channel")
    if not _multipliers_are_normal(layer.input.one_scale, steps.scale, layer.output):
        return no_rule("a scale of its sums is not a normal float32")
    proof = prove_weight(layer.name, weight)
    if not proof.portable:
        return Finding(Verdict.OVERFLOW, "products of its weights may leave 16 bits")
    if not _fits_32_bits(weight, layer.bias):
        return Finding(Verdict.OVERFLOW, "its sums may leave 32 bits")
    if layer.has_bias and (layer.bias is None or layer.bias.dtype != np.int32):
        return rounds("its bias is float")
    return same_bits("sums exact in 32 bits, rounded once")


def addition(first: Steps, second: Steps, output: Steps) -> Finding:
    """Judge a sum of uint8 tensors: of one scale, it is a whole number of steps (`residual_sums`).

    core/mlas/lib/qladd.cpp brings both to the output's scale, in float: a factor of exactly 1.
    """
    parts = (first, second, output)
    if any(steps.kind != "uint8" for steps in parts):
        return rounds("it adds what is not uint8")
    scales = {steps.one_scale for steps in parts}
    if len(scales) != 1 or None in scales:
        return rounds("it adds in float: its input and output have different scales")
    return same_bits("whole steps of one scale")


def global_mean(input_steps: Steps, output: Steps) -> Finding:
    """Judge a mean over the image: a sum in 32 bits, times one scale (of input, output and size), rounded once.

    core/mlas/lib/qlgavgpool.cpp: every CPU's kernel, in either layout, adds to int32 and calls MlasRequantizeOutput.
    """
    for steps in (input_steps, output):
        if steps.kind != "uint8" or not steps.for_whole_tensor:
            return rounds("its mean is not of uint8 with constant scales")
    return same_bits("a sum in 32 bits, rounded once")


def concatenation(parts: Sequence[Steps]) -> Finding:
    """Judge tensors side by side, `parts` with what they become: each is copied, or mapped byte by byte.

    contrib_ops/cpu/quantization/qlinear_concat.cc: by a table of dequantizing and quantizing again, see `conversion`.
    """
    if any(steps.kind != "uint8" or not steps.for_whole_tensor for steps in parts):
        return rounds("it joins what is not uint8 with constant scales")
    return same_bits("moves numbers, or maps each by a table")


def conversion(steps: Steps, kind: str) -> Finding:
    """Judge one division or multiplication and one rounding a number (core/mlas/lib/quantize.cpp, dequantize.cpp)."""
    if kind == "QuantizeLinear" and steps.kind not in ("uint8", "int8"):
        return rounds("it rounds to something other than 8 bits")
    if not steps.usable:
        return rounds("its scale or zero point is no constant, or no normal float32")
    return same_bits("one operation a number")


def _fits(scale: Constant, channels: int, axis: int, channel_axis: int) -> bool:
    return scale.size == 1 or (scale.shape == (channels,) and axis == channel_axis)


def _fits_32_bits(weight: Constant, bias: Constant | None) -> bool:
    """Whether no sum can leave int32, in whichever order it is added: behind that, VNNI stops and other CPUs wrap.

    VPDPBUSDS of x86_64/ConvSymKernelAvx512Vnni.S and AssembleAvxVnni.h. Products are at most 255 times a weight, and
    what the zero point of the input takes off is no more than that again.
    """
    sums = 2 * 255 * np.abs(weight, dtype=np.int64).reshape(len(weight), -1).sum(axis=1)
    added = 0 if bias is None else np.abs(bias.astype(np.float64)).max(initial=0)
    return bool(sums.max(initial=0) + added < 2**31)


def _multipliers_are_normal(input_scale: float, scales: Constant, output: Steps | None) -> bool:
    """Whether what sums are multiplied by are normal numbers: CPUs may treat denormal ones as zero."""
    products = np.float32(input_scale) * scales.ravel()
    if output is not None and output.one_scale is not None:
        products = np.concatenate([products, products / np.float32(output.one_scale)])
    return bool(np.isfinite(products).all() and (products >= SMALLEST_NORMAL).all())


def node_name(node: onnx.NodeProto) -> str:
    """Return what a node is called in words: its name, or its kind where it has none."""
    return node.name or node.op_type
