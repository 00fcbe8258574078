"""Bias correction: take out the mean error that rounding leaves in each layer's output (Nagel et al. 2019)."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from ...edge.data.labelled_images import LabelledImages
from ...edge.photos.contract import Pixels
from ..graph.graph_view import GraphView
from ..graph.run_graph import run_tensors
from .calibration import Range
from .quantize import quantize

LARGEST_SAMPLE = 512 * 32 * 32 * 4  # bytes of images; of larger images fewer will do, since each has more places
FEWEST = 48  # images

Floats = npt.NDArray[np.float64]


def correct_biases(
    model: onnx.ModelProto,
    ranges: Mapping[str, Range],
    sample: LabelledImages,
    portable: bool = True,
    keep_sums: bool = False,
) -> onnx.ModelProto:
    """Return a float model whose biases make up for the errors of its int8 model, to be quantized with `ranges`.

    Layer by layer from the input, each with the corrections before it in place: the mean output of each channel,
    over `sample`, is moved to that of the float model. `portable` and `keep_sums` as for `quantize`.
    """
    corrected = onnx.ModelProto()
    corrected.CopyFrom(model)
    biases = {tensor.name: tensor for tensor in corrected.graph.initializer}
    images = sample.images[: max(FEWEST, LARGEST_SAMPLE // sample.images[0].size)]
    layers = [node for node in model.graph.node if node.op_type in ("Conv", "Gemm") and len(node.input) > 2]
    int8 = quantize(model, ranges, portable=portable, keep_sums=keep_sums)
    outputs = {node.name: node.output[0] for node in int8.graph.node}
    wanted = _channel_means(model, [node.output[0] for node in layers], images)
    for node, mean in zip(layers, wanted, strict=True):
        [found] = _channel_means(int8, [outputs[node.name]], images)
        bias = biases[node.input[2]]
        moved = (numpy_helper.to_array(bias) + (mean - found)).astype(np.float32)
        bias.CopyFrom(numpy_helper.from_array(moved, bias.name))
        _move_bias(int8, node.name, moved)
    return corrected


def _move_bias(int8: onnx.ModelProto, layer: str, bias: npt.NDArray[np.float32]) -> None:
    """Put a float bias (O,) into a layer of an int8 model, in its own steps."""
    view = GraphView(int8)
    [node] = [node for node in int8.graph.node if node.name == layer]
    steps = view.maker(node.input[2], "DequantizeLinear")
    name, value = (node.input[2], bias) if steps is None else (steps.input[0], bias / view.constant(steps.input[1]))
    [tensor] = [tensor for tensor in int8.graph.initializer if tensor.name == name]
    rounded = np.round(value).astype(np.int32) if steps is not None else value
    tensor.CopyFrom(numpy_helper.from_array(np.asarray(rounded), name))


def _channel_means(model: onnx.ModelProto, outputs: Sequence[str], images: Pixels) -> list[Floats]:
    """Return the mean of some layers' outputs for each channel, (O,); before their ReLU, which int8 files have not."""
    totals: list[Floats] = [np.zeros(1) for _ in outputs]
    counts = [0] * len(outputs)
    for tensors in run_tensors(model, outputs, images):
        for i, tensor in enumerate(tensors):
            others = tuple(axis for axis in range(tensor.ndim) if axis != 1)
            totals[i] = totals[i] + tensor.sum(axis=others, dtype=np.float64)
            counts[i] += tensor.size // tensor.shape[1]
    return [total / count for total, count in zip(totals, counts, strict=True)]
