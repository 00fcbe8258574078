"""Static int8 quantization that, unless asked otherwise, gives the same answer on every CPU.

QDQ format, uint8 activations, per-channel int8 weights, each channel with the finest scale for which `saturation`
proves that no CPU's 16-bit sums overflow: between 7 and 8 bits.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationMethod, QDQQuantizer, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData

from ...edge.errors import ModelError
from ..graph.graph_view import attribute
from ..proof.saturation import prove, weight_scales
from .average_pools import as_convolutions, mean_overrides
from .calibration import Range
from .float_nodes import QUANTIZED_KINDS, float_nodes
from .proven_scales import Overrides, has_functions, proven_scales, without_weights
from .residual_sums import LEVELS, joined_tensors, kept_clips, scale_owner, sum_overrides
from .weight_rounding import round_keeping_sums

WEIGHTED = ("Conv", "Gemm")
LARGEST_BIAS = 2**30  # steps: half of what 32 bits hold, the rest is for the sums
SMALLEST_PIXEL_STEP = 1 / 255  # what pixels are scaled by, at least


def quantize(
    model: onnx.ModelProto,
    ranges: Mapping[str, Range],
    keep_float: Iterable[str] = (),
    portable: bool = True,
    keep_sums: bool = False,
) -> onnx.ModelProto:
    """Return the int8 model of a float model by the model contract.

    `ranges` holds the range of each activation by tensor name, `keep_float` the names of nodes to leave in float. The
    pixels need no quantization: they are uint8 already, and the quantizer takes the graph's DequantizeLinear for
    what it is. `keep_sums`: weights are rounded as `round_keeping_sums` does. Not `portable`: weights use all of int8,
    and sums have scales of their own, unproven. Raises ModelError when a portable result is not.
    """
    kept, model = list(keep_float), as_convolutions(model)
    scales = sum_overrides(model, ranges) if portable else {}
    if portable and has_functions(model):
        draft = _quantizer(without_weights(model), ranges, kept, scales)
        draft.quantize_model()
        joined = [names for names in joined_tensors(model) if names <= scales.keys()]
        scales = scales | proven_scales(draft.model.model, joined)
    weights = weight_overrides(model, activation_scales(model, ranges, scales), kept, portable)
    rounded = _rounded(model, weights, portable) if keep_sums else model
    quantizer = _quantizer(rounded, ranges, kept, scales | weights | mean_overrides(model))
    quantizer.quantize_model()
    _shield(quantizer.model.model, kept)
    quantizer.model.topological_sort()
    quantized: onnx.ModelProto = quantizer.model.model
    quantized.ir_version = model.ir_version
    onnx.checker.check_model(quantized, full_check=True)
    if portable:
        require_portable(quantized)
    return quantized


def _quantizer(
    model: onnx.ModelProto, ranges: Mapping[str, Range], kept: list[str], overrides: Overrides
) -> QDQQuantizer:
    """Return what quantizes a float model, to the scales of its ranges or those given."""
    return QDQQuantizer(
        onnx.shape_inference.infer_shapes(model),
        True,  # per channel
        False,  # reduce_range: the overrides do it, no more than is needed
        QuantType.QInt8,  # weights
        QuantType.QUInt8,  # activations
        tensors_range(ranges),
        [],
        [*kept, *float_nodes(model), *kept_clips(model, overrides)],
        QUANTIZED_KINDS,
        {
            "TensorQuantOverrides": overrides,
            # Logits leave as float: rounding them to 256 levels would only lose.
            "OpTypesToExcludeOutputQuantization": ["Gemm"],
        },
    )


def require_portable(model: onnx.ModelProto) -> None:
    """Raise ModelError unless every quantized weight of a QDQ model is proven not to saturate."""
    for proof in prove(model):
        if not proof.portable:
            raise ModelError(
                f"{proof.tensor}: neighbouring weights sum to {proof.largest_pairs.max()}, the largest is "
                f"{proof.largest_weight}: CPUs without VNNI or dot products would answer differently; not written "
                "(--not-portable writes such files)"
            )


def _shield(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Put a node that changes nothing before each named layer, so that it is computed in float.

    onnxruntime 1.21 and later (WeightBiasQuantization) rounds the float weights of a layer that reads a
    DequantizeLinear to int8, all channels alike and over the full range, which saturates where there is no VNNI.
    """
    for node in [node for node in model.graph.node if node.name in names]:
        unchanged = f"{node.name}_in"
        slope_1 = helper.make_node("LeakyRelu", [node.input[0]], [unchanged], f"{node.name}_shield", alpha=1.0)
        model.graph.node.append(slope_1)
        node.input[0] = unchanged


def tensors_range(ranges: Mapping[str, Range]) -> TensorsData:
    """Return ranges of activations as onnxruntime's quantizers take them."""
    values = {
        name: TensorData(lowest=np.float32(low), highest=np.float32(high)) for name, (low, high) in ranges.items()
    }
    return TensorsData(CalibrationMethod.MinMax, values)


def activation_scales(
    model: onnx.ModelProto, ranges: Mapping[str, Range], sums: Mapping[str, list[dict[str, Any]]]
) -> dict[str, float]:
    """Return the scale of what each weighted layer of a float model reads, by the layer's output.

    `sums` as from `sum_overrides`. A layer that reads the pixels is left out: their scale is the graph's.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    scales = {}
    for node in model.graph.node:
        if node.op_type in WEIGHTED:
            name = scale_owner(node.input[0], makers)
            if name in sums:
                scales[node.output[0]] = float(sums[name][0]["scale"])
            elif name in ranges:
                scales[node.output[0]] = (max(ranges[name][1], 0.0) - min(ranges[name][0], 0.0)) / LEVELS
    return scales


def _rounded(model: onnx.ModelProto, weights: Overrides, portable: bool) -> onnx.ModelProto:
    """Return a model whose `weights` are whole steps of the scales given there, their sums kept."""
    rounded = onnx.ModelProto()
    rounded.CopyFrom(model)
    for tensor in rounded.graph.initializer:
        if tensor.name in weights:
            array = numpy_helper.to_array(tensor)
            steps = np.array([channel["scale"] for channel in weights[tensor.name]], np.float32)
            rows = weights[tensor.name][0]["axis"] == 1
            kept = round_keeping_sums(array.T if rows else array, steps, portable)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(kept.T if rows else kept), tensor.name))
    return rounded


def weight_overrides(
    model: onnx.ModelProto, read: Mapping[str, float], keep_float: Sequence[str] = (), portable: bool = True
) -> dict[str, list[dict[str, Any]]]:
    """Return, for each weight to be quantized, the scale of every output channel, in onnxruntime's terms.

    `read` as from `activation_scales`. A bias is stored in steps of the weight's scale times that of what the layer
    reads, in 32 bits: a channel whose weights are next to nothing, as batchnorms leave dead ones, gets a scale that
    its bias fits.
    """
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    zero = np.array(0, np.int8)
    overrides = {}
    for node in model.graph.node:
        if node.op_type in WEIGHTED and node.name not in keep_float:
            weight = numpy_helper.to_array(tensors[node.input[1]])
            rows = node.op_type == "Gemm" and not attribute(node, "transB", 0)
            scales = weight_scales(weight.T if rows else weight, portable)
            if len(node.input) > 2 and (scale := read.get(node.output[0], SMALLEST_PIXEL_STEP)) > 0:
                largest = np.abs(numpy_helper.to_array(tensors[node.input[2]]).astype(np.float64))
                scales = np.maximum(scales, largest / (scale * LARGEST_BIAS)).astype(np.float32)
            overrides[node.input[1]] = [
                {"axis": int(rows), "scale": scale_of_channel, "zero_point": zero} for scale_of_channel in scales
            ]
    return overrides
