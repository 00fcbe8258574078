"""Bias correction: take out the mean error that rounding leaves in each layer's output (Nagel et al. 2019)."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from ...edge.data.labelled_images import LabelledImages
from ...edge.photos.contract import Pixels
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
    quantized = quantize(model, ranges, portable=portable, keep_sums=keep_sums)
    wanted = _channel_means(model, [node.output[0] for node in layers], images)
    for node, mean in zip(layers, wanted, strict=True):
        part, output = _up_to(quantized, node.name)
        [found] = _channel_means(part, [output], images)
        bias = biases[node.input[2]]
        moved = (numpy_helper.to_array(bias) + (mean - found)).astype(np.float32)
        bias.CopyFrom(numpy_helper.from_array(moved, bias.name))
        _set_bias(quantized, node.name, moved)
    return corrected


def _set_bias(model: onnx.ModelProto, node_name: str, bias: npt.NDArray[np.float32]) -> None:
    """Set the bias of a layer of a QDQ model, in the steps that it has there."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    [name] = [node.input[2] for node in model.graph.node if node.name == node_name]
    dequantize = next((node for node in model.graph.node if node.output[0] == name), None)
    if dequantize is None:  # a layer in float
        tensors[name].CopyFrom(numpy_helper.from_array(bias, name))
    else:
        name, scale, *_ = dequantize.input
        scales = numpy_helper.to_array(tensors[scale]).astype(np.float64)
        steps = (bias / scales).round()  # as onnxruntime's quantizer does
        limits = np.iinfo(np.int32)
        tensors[name].CopyFrom(numpy_helper.from_array(steps.clip(limits.min, limits.max).astype(np.int32), name))


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


def _up_to(model: onnx.ModelProto, node_name: str) -> tuple[onnx.ModelProto, str]:
    """Return the part of a model that a convolution's output is computed by, and the name of that.

    Of a dense layer the whole model: what is behind it decides whether onnxruntime adds its products as integers.
    """
    [last] = [node for node in model.graph.node if node.name == node_name]
    if last.op_type == "Gemm":
        return model, last.output[0]
    needed, nodes = set(last.input), [last]
    for node in reversed(model.graph.node):
        if node.name != node_name and needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.node[:], part.graph.initializer[:], part.graph.output[:]
    part.graph.node.extend(reversed(nodes))
    part.graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name in needed)
    return part, last.output[0]
