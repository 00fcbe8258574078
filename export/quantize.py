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

from ..edge.errors import ModelError
from .calibration import Range
from .graph import IR_VERSION
from .saturation import prove, weight_scales
from .sums import sum_overrides

QUANTIZED_KINDS = ["Conv", "Relu", "MaxPool", "Transpose", "Flatten", "Gemm", "Add", "GlobalAveragePool"]


def quantize(
    model: onnx.ModelProto, ranges: Mapping[str, Range], keep_float: Iterable[str] = (), portable: bool = True
) -> onnx.ModelProto:
    """Return the int8 model of a float model that `build_graph` made.

    `ranges` holds the range of each activation by tensor name, `keep_float` the names of nodes to leave in float. The
    pixels need no quantization: they are uint8 already, and the quantizer takes the graph's DequantizeLinear for
    what it is. Not `portable`: weights use all of int8, and sums have scales of their own, unproven. Raises ModelError
    when a portable result is not.
    """
    kept = list(keep_float)
    quantizer = QDQQuantizer(
        onnx.shape_inference.infer_shapes(model),
        True,  # per channel
        False,  # reduce_range: the scales below do it, no more than is needed
        QuantType.QInt8,  # weights
        QuantType.QUInt8,  # activations
        tensors_range(ranges),
        [],
        kept,
        QUANTIZED_KINDS,
        {
            "TensorQuantOverrides": weight_overrides(model, kept, portable)
            | (sum_overrides(model, ranges) if portable else {}),
            # Logits leave as float: rounding them to 256 levels would only lose.
            "OpTypesToExcludeOutputQuantization": ["Gemm"],
        },
    )
    quantizer.quantize_model()
    _shield(quantizer.model.model, kept)
    quantizer.model.topological_sort()
    quantized: onnx.ModelProto = quantizer.model.model
    quantized.ir_version = IR_VERSION
    onnx.checker.check_model(quantized, full_check=True)
    if portable:
        require_portable(quantized)
    return quantized


def require_portable(model: onnx.ModelProto) -> None:
    """Raise ModelError unless every quantized weight of a QDQ model is proven not to saturate."""
    for proof in prove(model):
        if not proof.portable:
            raise ModelError(
                f"{proof.tensor}: neighbouring weights sum to {proof.largest_pairs.max()}: CPUs without VNNI would "
                "answer differently; not written (--not-portable writes such files)"
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


def weight_overrides(
    model: onnx.ModelProto, keep_float: Sequence[str] = (), portable: bool = True
) -> dict[str, list[dict[str, Any]]]:
    """Return, for each weight to be quantized, the scale of every output channel, in onnxruntime's terms."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    zero = np.array(0, np.int8)
    return {
        node.input[1]: [
            {"axis": 0, "scale": scale, "zero_point": zero}
            for scale in weight_scales(numpy_helper.to_array(tensors[node.input[1]]), portable)
        ]
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm") and node.name not in keep_float
    }
