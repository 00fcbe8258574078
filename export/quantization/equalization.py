"""Cross-layer equalization: even out the channels of an activation, without changing what the net computes.

Between a convolution and the next weighted layer lie only ReLU and max pooling, which commute with a positive
factor; so channel i can be divided by s_i behind the first layer and multiplied by s_i before the second (Nagel et al.
2019, arXiv:1906.04721). Weights have a scale for each output channel already, activations one for all: s_i is
chosen to bring the ranges of an activation's channels together at the cost of the next layer's weights, the square
root of their ratio (as in SmoothQuant, Xiao et al. 2022, arXiv:2211.10438). A depthwise layer has a scale for each
channel: its weights cost nothing, and the channels of its input become all alike.

A ReLU6 commutes as far as its bound is not reached: channels may only grow, and up to where `HEADROOM` times the
largest value of the sample reaches the bound. Beyond that a photo's values are cut, as rounding to 8 bits cuts them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from ...edge.data.labelled_images import LabelledImages
from ..graph.graph_view import GraphView, attribute, input_name
from ..graph.run_graph import run_tensors

COMMUTING = ("Relu", "MaxPool", "Transpose", "Flatten")
HEADROOM = 1.25  # times the largest value of a channel in the sample

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Pair:
    """A convolution, its activation, and the next weighted layer; `bound` is what the activation is cut at."""

    first: onnx.NodeProto
    activation: str
    second: onnx.NodeProto
    bound: float


def equalize(model: onnx.ModelProto, sample: LabelledImages) -> onnx.ModelProto:
    """Return a float model with the same logits (up to rounding) and evener activations; `sample` sets the ranges."""
    equalized = onnx.ModelProto()
    equalized.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in equalized.graph.initializer}
    pairs = list(_pairs(equalized))
    for pair, highest in zip(pairs, _highest(model, [pair.activation for pair in pairs], sample), strict=True):
        first, second = pair.first, pair.second
        weight = numpy_helper.to_array(weights[first.input[1]])
        following = numpy_helper.to_array(weights[second.input[1]])
        factors = _factors(highest, _largest_by_input(following, len(weight), _depthwise(second)), pair.bound)
        _replace(weights[first.input[1]], weight / factors[:, None, None, None])
        if len(first.input) > 2:
            _replace(weights[first.input[2]], numpy_helper.to_array(weights[first.input[2]]) / factors)
        _replace(weights[second.input[1]], following * _spread(factors, following, _depthwise(second)))
    return equalized


def _highest(model: onnx.ModelProto, names: Sequence[str], sample: LabelledImages) -> list[Array]:
    """Return the largest value of each channel of some tensors (N, C, H, W): (C,) each."""
    if not names:
        return []
    parts = [[tensor.max(axis=(0, 2, 3)) for tensor in part] for part in run_tensors(model, names, sample.images)]
    return [np.asarray(np.max(each, axis=0)) for each in zip(*parts, strict=True)]


def _pairs(model: onnx.ModelProto) -> Iterator[Pair]:
    """Yield the pairs of layers in graph order, where both can change."""
    nodes = list(model.graph.node)
    readers = {name: [node for node in nodes if name in node.input] for node in nodes for name in node.output}
    view = GraphView(model)
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    uses = Counter(name for node in nodes for name in node.input)
    for node in nodes:
        if node.op_type != "Conv" or len(readers[node.output[0]]) != 1:
            continue
        [activation] = readers[node.output[0]]
        bound = _bound(activation, view)
        if bound is None:
            continue
        following = readers[activation.output[0]]
        moved = False
        while len(following) == 1 and following[0].op_type in COMMUTING:
            moved = moved or following[0].op_type == "Transpose"
            following = readers[following[0].output[0]]
        if len(following) == 1 and following[0].op_type in ("Conv", "Gemm"):
            held = [*node.input[1:], following[0].input[1]]
            own = all(name in shapes and uses[name] == 1 for name in held)  # what two layers share is left alone
            if own and _matches(shapes[node.input[1]][0], shapes[following[0].input[1]], following[0], moved):
                yield Pair(node, activation.output[0], following[0], bound)


def _bound(node: onnx.NodeProto, view: GraphView) -> float | None:
    """Return what a ReLU or ReLU6 cuts at, infinity of a ReLU; None of another node."""
    if node.op_type == "Relu":
        return np.inf
    if node.op_type != "Clip":
        return None
    low, high = (view.constant(input_name(node, at)) for at in (1, 2))
    if low is None or high is None or low.item() != 0 or high.item() <= 0:
        return None
    return float(high.item())


def _matches(channels: int, shape: tuple[int, ...], second: onnx.NodeProto, moved: bool) -> bool:
    """Return whether a weight reads `channels`, each in its place: (O, C, H, W), (C, 1, H, W) or (O, H * W * C)."""
    if second.op_type == "Gemm":
        return attribute(second, "transB", 0) == 1 and (shape[1] == channels or (moved and shape[1] % channels == 0))
    return shape[:2] == (channels, 1) if _depthwise(second) else shape[1] == channels


def _depthwise(node: onnx.NodeProto) -> bool:
    return bool(attribute(node, "group", 1) > 1)


def _largest_by_input(weight: Array, channels: int, depthwise: bool) -> Array:
    """Return the largest magnitude of a weight for each channel of its input, (channels,), as far as it matters."""
    if depthwise:  # (O, 1, H, W), O == channels: each channel has a scale of its own
        return np.where(np.abs(weight).max(axis=(1, 2, 3)) > 0, 1.0, 0.0)
    if weight.ndim == 2:  # (O, H * W * channels), channels last
        return np.asarray(np.abs(weight).reshape(-1, channels).max(axis=0))
    return np.asarray(np.abs(weight).max(axis=(0, 2, 3)))


def _factors(activations: Array, weights: Array, bound: float) -> Array:
    """Return s (channels,): an activation's channel is divided by it, the next weights are multiplied.

    `weights` are 0 of a dead channel and 1 of depthwise layers.
    """
    alive = (activations > 0) & (weights > 0)
    depthwise = bool((weights[alive] == 1).all())
    ratio = np.where(alive, activations, 1) / np.where(alive, weights, 1)
    factors = ratio if depthwise else np.sqrt(ratio)
    if np.isfinite(bound):
        factors = factors / factors[alive].max(initial=1e-30)
        factors = np.clip(factors, np.minimum(HEADROOM * activations / bound, 1), 1)
    else:
        factors = factors / np.exp(np.log(factors[alive]).mean())
    return np.where(alive, factors, 1).astype(np.float32)


def _spread(factors: Array, weight: Array, depthwise: bool) -> Array:
    """Return the factors in the shape that multiplies a weight by input channel."""
    if depthwise:
        return factors[:, None, None, None]
    if weight.ndim == 2:
        return np.tile(factors, weight.shape[1] // len(factors))[None]
    return factors[None, :, None, None]


def _replace(tensor: onnx.TensorProto, array: Array) -> None:
    tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float32), tensor.name))
