"""Bias correction: take out the mean error that rounding leaves in each layer's output (Nagel et al. 2019)."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from ...edge.data.labelled_images import LabelledImages
from ..graph.run_graph import run_tensors
from .calibration import Range
from .quantize import quantize


def correct_biases(
    model: onnx.ModelProto, ranges: Mapping[str, Range], sample: LabelledImages, portable: bool = True
) -> onnx.ModelProto:
    """Return a float model whose biases make up for the errors of its int8 model, to be quantized with `ranges`.

    Layer by layer from the input, each with the corrections before it in place: the mean output of each channel,
    over `sample`, is moved to that of the float model. `portable` as for `quantize`.
    """
    corrected = onnx.ModelProto()
    corrected.CopyFrom(model)
    biases = {tensor.name: tensor for tensor in corrected.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type in ("Conv", "Gemm") and len(node.input) > 2]:
        wanted = _channel_means(model, node.name, sample)
        found = _channel_means(quantize(corrected, ranges, portable=portable), node.name, sample)
        bias = biases[node.input[2]]
        moved = numpy_helper.to_array(bias) + (wanted - found)
        bias.CopyFrom(numpy_helper.from_array(moved.astype(np.float32), bias.name))
    return corrected


def _channel_means(model: onnx.ModelProto, node_name: str, sample: LabelledImages) -> npt.NDArray[np.float64]:
    """Return the mean output of a layer for each channel, (O,); before its ReLU, which int8 files have folded away."""
    [output] = [node.output[0] for node in model.graph.node if node.name == node_name]
    total, count = 0.0, 0
    for [tensor] in run_tensors(model, [output], sample.images):
        others = tuple(axis for axis in range(tensor.ndim) if axis != 1)
        total = total + tensor.sum(axis=others, dtype=np.float64)
        count += tensor.size // tensor.shape[1]
    return np.asarray(total) / count
