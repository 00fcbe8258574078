"""The proof that an int8 file gives the same answer on every CPU.

On x86 CPUs with AVX2 or AVX-512 but without VNNI, onnxruntime multiplies uint8 activations by int8 weights with
VPMADDUBSW, which adds the products of each two neighbours along the reduction in 16 bits, with saturation (Intel SDM,
volume 2). Elsewhere sums are 32 bits wide. So a file is portable if no such pair of products can leave 16 bits,
whatever the activations: activations are at most 255 and never negative, so only weights of one sign add up, and
255 * 128 = 32,640 still fits below 32,767.

Which weights are neighbours depends on the kernel: channels last (h, w, c), as int8 convolutions run today, or channels
first (c, h, w), the layout of the file, which is also that of Gemm. Both are checked. Kernels pack the reduction in
groups of four from its start, so pairs begin at even places; depthwise kernels add in 32 bits, and pass through the
same check all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

LARGEST_PAIR = 128  # of two neighbouring weights of one sign: 255 * 128 < 2**15
INT8_MAX = 127

Weights = npt.NDArray[np.float32] | npt.NDArray[np.int8]


@dataclass(frozen=True)
class LayerProof:
    """A quantized weight: for each output channel, int64 (O,), the largest sum of two neighbours of one sign."""

    tensor: str
    largest_pairs: npt.NDArray[np.int64]
    largest_weight: int

    @property
    def portable(self) -> bool:
        """Whether no pair of products can leave 16 bits."""
        return bool((self.largest_pairs <= LARGEST_PAIR).all())


def prove(model: onnx.ModelProto) -> list[LayerProof]:
    """Return the proof of every int8 weight of a convolution or dense layer, in QDQ or QOperator form."""
    return [
        LayerProof(name, largest_pairs(weight).astype(np.int64), int(np.abs(weight.astype(np.int64)).max()))
        for name, weight in _int8_weights(model)
    ]


def largest_pairs(weight: Weights) -> npt.NDArray[np.float64]:
    """Return, for each output channel of a weight (O, I) or (O, I, H, W), the largest sum of two neighbours.

    float64 (O,); of one sign, and neighbours in either of the two layouts of the reduction.
    """
    orders = [weight] if weight.ndim == 2 else [weight, np.moveaxis(weight, 1, -1)]
    return np.asarray(np.max([_pairs(order.reshape(len(order), -1)) for order in orders], axis=0))


def weight_scales(weight: npt.NDArray[np.float32], portable: bool = True) -> npt.NDArray[np.float32]:
    """Return the finest scale a channel, float32 (O,), at which the rounded weight fits into int8.

    `portable`: and keeps the proof. That is up to 8 bits where large weights stand alone, and 7 bits where two stand
    together. One unit is left for the rounding of each pair.
    """
    scales = np.abs(weight).reshape(len(weight), -1).max(1) / INT8_MAX
    if portable:
        scales = np.maximum(scales, largest_pairs(weight) / (LARGEST_PAIR - 1))
    return np.where(scales > 0, scales, 1.0).astype(np.float32)


def _pairs(weight: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return the largest sum of weights 2i and 2i + 1 of one sign, by rows of (O, K)."""
    padded = np.pad(weight.astype(np.float64), ((0, 0), (0, weight.shape[1] % 2)))
    pairs = padded.reshape(len(padded), -1, 2)
    positive, negative = np.maximum(pairs, 0).sum(axis=2), np.maximum(-pairs, 0).sum(axis=2)
    return np.asarray(np.maximum(positive, negative).max(axis=1))


def _int8_weights(model: onnx.ModelProto) -> Iterator[tuple[str, npt.NDArray[np.int8]]]:
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = {node.output[0]: node for node in model.graph.node}
    for node in model.graph.node:
        maker = makers.get(node.input[1]) if node.op_type in ("Conv", "Gemm") else None
        if maker is not None and maker.op_type == "DequantizeLinear":
            yield maker.input[0], numpy_helper.to_array(tensors[maker.input[0]])
        elif node.op_type in ("QLinearConv", "QGemm"):
            yield node.input[3], numpy_helper.to_array(tensors[node.input[3]])
