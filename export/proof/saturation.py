"""The proof that no CPU's sums of products of an int8 file leave 16 bits.

Two kinds of CPU add products in 16 bits before they add in 32; all others (VNNI, AMX, dot products, i8mm, SVE, SSE4.1
and AVX) add in 32 bits from the start. Named are the sources of onnxruntime, under onnxruntime/core/mlas/lib/.

- x86 with AVX2 or AVX-512 but without VNNI multiplies uint8 activations by int8 weights with VPMADDUBSW, which adds
  the products of each two neighbours along the reduction, with saturation (Intel SDM, volume 2;
  x86_64/QgemmU8S8KernelAvx2.S, QgemvU8S8KernelAvx2.S, ConvSymKernelAvx2.S and those for AVX-512). Activations are at
  most 255 and never negative, so only weights of one sign add up: a sum of 128 is fine, since 255 * 128 = 32,640 is
  below 32,767.
- Arm without dot products flips activations to int8 and adds two products with SMULL and SMLAL, wrapping around: those
  of channels c and c + 8 (aarch64/ConvSymU8KernelNeon.S), of taps k and k + 2 or k + 1 in depthwise kernels
  (aarch64/DepthwiseQConvKernelSize9Neon.S, DepthwiseQConvSymU8KernelNeon.S, qdwconv_kernelsize.cpp: on all Arm); never
  more than two before they go to 32 bits. Other products it forms in 32 bits (aarch64/QgemmU8X8KernelNeon.S). Flipped
  activations are at least -128, so two weights of -128 reach 2 * 128 * 128 = 32,768 and wrap. No other weights do,
  whatever is paired with what: 2 * 127 * 128 = 32,512.

Which weights are neighbours on x86 depends on the kernel: channels last (h, w, c), as int8 convolutions run today, or
channels first (c, h, w), the layout of the file, which is also that of Gemm. Both are checked. Kernels pack the
reduction in groups of four from its start, so pairs begin at even places; depthwise kernels add in 32 bits there, and
pass through the same check all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx

from ..graph.graph_view import GraphView, input_name, is_set

LARGEST_PAIR = 128  # of two neighbouring weights of one sign: 255 * 128 < 2**15
INT8_MAX = 127
SMALLEST_SCALE = 1e-20  # smaller weights are as good as none, and products of scales must be normal numbers

Weights = npt.NDArray[np.float32] | npt.NDArray[np.int8]


@dataclass(frozen=True)
class LayerProof:
    """A quantized weight: for each output channel, int64 (O,), the largest sum of two neighbours of one sign."""

    tensor: str
    largest_pairs: npt.NDArray[np.int64]
    largest_weight: int

    @property
    def portable(self) -> bool:
        """Whether no pair of products can leave 16 bits, on x86 or on Arm."""
        return self.largest_weight <= INT8_MAX and bool((self.largest_pairs <= LARGEST_PAIR).all())


def prove(model: onnx.ModelProto) -> list[LayerProof]:
    """Return the proof of every int8 weight of a convolution or dense layer, in QDQ or QOperator form."""
    return [prove_weight(name, weight) for name, weight in _int8_weights(GraphView(model))]


def prove_weight(name: str, weight: npt.NDArray[np.int8]) -> LayerProof:
    """Return the proof of an int8 weight (O, I), (O, I, H, W) or of other spatial dimensions."""
    largest = int(np.abs(weight, dtype=np.int64).max())
    return LayerProof(name, largest_pairs(weight).astype(np.int64), largest)


def largest_pairs(weight: Weights) -> npt.NDArray[np.float64]:
    """Return, for each output channel of a weight (O, I) or (O, I, H, W), the largest sum of two neighbours.

    float64 (O,); of one sign, and neighbours in either of the two layouts of the reduction.
    """
    orders = (weight, np.moveaxis(weight, 1, -1))  # of a weight (O, I) the same
    return np.asarray(np.max([_pairs(order.reshape(len(order), -1)) for order in orders], axis=0))


def weight_scales(weight: npt.NDArray[np.float32], portable: bool = True) -> npt.NDArray[np.float32]:
    """Return the finest scale a channel, float32 (O,), at which the rounded weight fits into int8.

    `portable`: and keeps the proof. That is up to 8 bits where large weights stand alone, and 7 bits where two stand
    together. One unit is left for the rounding of each pair, though a millionth would do: whole numbers that sum to
    less than 128 before rounding sum to 128 at most behind it. It stays, since files would not come out the same.
    """
    scales = np.abs(weight).reshape(len(weight), -1).max(1) / INT8_MAX
    if portable:
        scales = np.maximum(scales, largest_pairs(weight) / (LARGEST_PAIR - 1))
    return np.where(scales > 0, np.maximum(scales, SMALLEST_SCALE), 1.0).astype(np.float32)


def _pairs(weight: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return the largest sum of weights 2i and 2i + 1 of one sign, by rows of (O, K)."""
    padded = np.pad(np.asarray(weight, np.float64), ((0, 0), (0, weight.shape[1] % 2)))
    pairs = padded.reshape(len(padded), -1, 2)
    positive, negative = np.maximum(pairs, 0).sum(axis=2), np.maximum(-pairs, 0).sum(axis=2)
    return np.asarray(np.maximum(positive, negative).max(axis=1))


def _int8_weights(view: GraphView) -> Iterator[tuple[str, npt.NDArray[np.int8]]]:
    for node, name in _weights(view):
        weight = view.constant(name)
        if weight is not None and weight.dtype == np.int8:
            rows = node.op_type in ("Gemm", "QGemm") and not is_set(node, "transB")
            yield name, weight.T if rows else weight


def _weights(view: GraphView) -> Iterator[tuple[onnx.NodeProto, str]]:
    """Yield each convolution and dense layer of integers with the name of its weight."""
    for node in view.nodes:
        if node.op_type in ("QLinearConv", "QGemm"):
            yield node, input_name(node, 3)
        elif node.op_type in ("Conv", "Gemm") and (made := view.maker(input_name(node, 1), "DequantizeLinear")):
            yield node, made.input[0]
