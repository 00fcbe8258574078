"""Cross-layer equalization: even out the channels of an activation, without changing what the net computes.

Between a convolution and the next weighted layer lie only ReLU and max pooling, which commute with a positive
factor; so channel i can be divided by s_i behind the first layer and multiplied by s_i before the second (Nagel et al.
2019, arXiv:1906.04721). Weights have a scale for each output channel already, activations one for all: s_i is
chosen to bring the ranges of an activation's channels together at the cost of the next layer's weights, the square
root of their ratio (as in SmoothQuant, Xiao et al. 2022, arXiv:2211.10438).
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from ...edge.data.labelled_images import LabelledImages
from ..graph.graph_view import attribute
from ..graph.run_graph import run_tensors

COMMUTING = ("Relu", "MaxPool", "Transpose", "Flatten")

Array = npt.NDArray[np.floating]


def equalize(model: onnx.ModelProto, sample: LabelledImages) -> onnx.ModelProto:
    """Return a float model with the same logits (up to rounding) and evener activations; `sample` sets the ranges."""
    equalized = onnx.ModelProto()
    equalized.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in equalized.graph.initializer}
    for first, relu, second in _pairs(equalized):
        highest = np.max(
            [tensor.max(axis=(0, 2, 3)) for [tensor] in run_tensors(equalized, [relu], sample.images)], axis=0
        )
        weight = numpy_helper.to_array(weights[first.input[1]])
        following = numpy_helper.to_array(weights[second.input[1]])
        factors = _factors(highest, _largest_by_input(following, len(weight), _depthwise(second)))
        _replace(weights[first.input[1]], weight / factors[:, None, None, None])
        if len(first.input) > 2:
            _replace(weights[first.input[2]], numpy_helper.to_array(weights[first.input[2]]) / factors)
        _replace(weights[second.input[1]], following * _spread(factors, following, _depthwise(second)))
    return equalized


def _pairs(model: onnx.ModelProto) -> Iterator[tuple[onnx.NodeProto, str, onnx.NodeProto]]:
    """Yield (convolution, name of its ReLU's output, next weighted layer) in graph order, where both can change."""
    nodes = list(model.graph.node)
    readers = {name: [node for node in nodes if name in node.input] for node in nodes for name in node.output}
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    uses = Counter(name for node in nodes for name in node.input)
    for node in nodes:
        if node.op_type != "Conv" or [reader.op_type for reader in readers[node.output[0]]] != ["Relu"]:
            continue
        relu = readers[node.output[0]][0].output[0]
        following = readers[relu]
        moved = False
        while len(following) == 1 and following[0].op_type in COMMUTING:
            moved = moved or following[0].op_type == "Transpose"
            following = readers[following[0].output[0]]
        if len(following) == 1 and following[0].op_type in ("Conv", "Gemm"):
            held = [*node.input[1:], following[0].input[1]]
            own = all(name in shapes and uses[name] == 1 for name in held)  # what two layers share is left alone
            if own and _matches(shapes[node.input[1]][0], shapes[following[0].input[1]], following[0], moved):
                yield node, relu, following[0]


def _matches(channels: int, shape: tuple[int, ...], second: onnx.NodeProto, moved: bool) -> bool:
    """Return whether a weight reads `channels`, each in its place: (O, C, H, W), (C, 1, H, W) or (O, H * W * C)."""
    if second.op_type == "Gemm":
        return attribute(second, "transB", 0) == 1 and (shape[1] == channels or (moved and shape[1] % channels == 0))
    return shape[:2] == (channels, 1) if _depthwise(second) else shape[1] == channels


def _depthwise(node: onnx.NodeProto) -> bool:
    return bool(attribute(node, "group", 1) > 1)


def _largest_by_input(weight: Array, channels: int, depthwise: bool) -> Array:
    """Return the largest magnitude of a weight for each channel of its input, (channels,)."""
    if depthwise:  # (O, 1, H, W), O == channels
        return np.asarray(np.abs(weight).max(axis=(1, 2, 3)))
    if weight.ndim == 2:  # (O, H * W * channels), channels last
        return np.asarray(np.abs(weight).reshape(-1, channels).max(axis=0))
    return np.asarray(np.abs(weight).max(axis=(0, 2, 3)))


def _factors(activations: Array, weights: Array) -> Array:
    """Return s (channels,): an activation's channel is divided by it, the next weights are multiplied."""
    alive = (activations > 0) & (weights > 0)
    factors = np.sqrt(np.where(alive, activations, 1) / np.where(alive, weights, 1))
    return np.where(alive, factors / np.exp(np.log(factors[alive]).mean()), 1).astype(np.float32)


def _spread(factors: Array, weight: Array, depthwise: bool) -> Array:
    """Return the factors in the shape that multiplies a weight by input channel."""
    if depthwise:
        return factors[:, None, None, None]
    if weight.ndim == 2:
        return np.tile(factors, weight.shape[1] // len(factors))[None]
    return factors[None, :, None, None]


def _replace(tensor: onnx.TensorProto, array: Array) -> None:
    tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float32), tensor.name))
