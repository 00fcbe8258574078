"""Other ways to make a model smaller or faster, offered with the same evidence as the portable int8 file.

None of them keeps the promise of equal bits on every CPU, except QOperator, which is the int8 file in another notation
(but for the scales of sums).
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantizationMode, QuantType, quantize_dynamic
from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16

from ..graph.graph_view import GraphView
from ..graph.versions import IR_VERSION, NORMALIZED
from ..proof.saturation import weight_scales
from .calibration import Range
from .quantize import QUANTIZED_KINDS, activation_scales, tensors_range, weight_overrides


def fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the float model with weights and arithmetic of 16 bits between float32 logits: half the size."""
    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    converted: onnx.ModelProto = convert_float_to_float16(
        onnx.shape_inference.infer_shapes(copied), keep_io_types=True, op_block_list=["DequantizeLinear"]
    )
    return converted


def dynamic(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the float model with int8 weights and the ranges of activations found anew for every image."""
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(onnx.shape_inference.infer_shapes(model), source)
        with _unwarned():
            quantize_dynamic(source, target, weight_type=QuantType.QUInt8, op_types_to_quantize=["Conv", "Gemm"])
        quantized = onnx.load(target)
    quantized.ir_version = IR_VERSION
    return quantized


def weight_only(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the float model with weights stored as int8, a scale for each output channel, used in float."""
    stored = onnx.ModelProto()
    stored.CopyFrom(model)
    tensors = {tensor.name: tensor for tensor in stored.graph.initializer}
    for node in [node for node in stored.graph.node if node.op_type in ("Conv", "Gemm")]:
        name = node.input[1]
        weight = numpy_helper.to_array(tensors[name])
        scales = weight_scales(weight)
        rounded = np.round(weight / scales.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.int8)
        tensors[name].CopyFrom(numpy_helper.from_array(rounded, name))
        stored.graph.initializer.append(numpy_helper.from_array(scales, f"{name}_scale"))
        node.input[1] = f"{name}_float"
        restore = helper.make_node("DequantizeLinear", [name, f"{name}_scale"], [node.input[1]], axis=0)
        stored.graph.node.insert(0, restore)
    return stored


def qoperator(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """Return the int8 model with the older operators (QLinearConv, ...) in place of Quantize and Dequantize pairs."""
    with _unwarned():
        quantizer = ONNXQuantizer(
            onnx.shape_inference.infer_shapes(model),
            True,  # per channel
            False,  # reduce_range: the scales do it
            QuantizationMode.QLinearOps,
            True,  # static
            QuantType.QInt8,  # weights
            QuantType.QUInt8,  # activations
            tensors_range({**ranges, NORMALIZED: _pixel_range(model)}),
            [],
            [model.graph.node[0].name],  # the Transpose of the pixels, which are integers
            QUANTIZED_KINDS,
            {"TensorQuantOverrides": weight_overrides(model, activation_scales(model, ranges, {}))},
        )
        quantizer.quantize_model()
    quantized: onnx.ModelProto = quantizer.model.model
    quantized.ir_version = IR_VERSION
    return quantized


def _pixel_range(model: onnx.ModelProto) -> Range:
    """Return the range of what the first layer sees: bytes, scaled."""
    view = GraphView(model)
    pixels = view.maker(NORMALIZED, "DequantizeLinear")
    assert pixels is not None
    scale, zero_point = (float(np.asarray(view.constant(name))) for name in pixels.input[1:3])
    return -zero_point * scale, (255 - zero_point) * scale


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep onnxruntime from warning that a model with a DequantizeLinear, ours for the pixels, was quantized before."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


VARIANTS: Mapping[str, Callable[[onnx.ModelProto, Mapping[str, Range]], onnx.ModelProto]] = {
    "qoperator": qoperator,
    "fp16": lambda model, _ranges: fp16(model),
    "dynamic": lambda model, _ranges: dynamic(model),
    "weight-only": lambda model, _ranges: weight_only(model),
}
"""Each makes a model of a float model and the ranges of its activations."""
