"""Static int8 quantization that gives the same answer on every CPU.

QDQ format, uint8 activations, per-channel int8 weights of 7 bits. Seven, because x86 CPUs with AVX2 or AVX-512
but without VNNI add two products of uint8 and int8 in 16 bits with saturation (VPMADDUBSW), which full-range weights
overflow: the same file would then answer differently on another CPU.
"""

import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from .calibration import CalibrationImages
from .graph import IR_VERSION


def quantize(model: onnx.ModelProto, calibration: CalibrationImages) -> onnx.ModelProto:
    """Return the int8 model of a float model that `build_graph` made.

    The pixels need no quantization: they are uint8 already, and the quantizer takes the graph's DequantizeLinear
    for what it is.
    """
    model = onnx.shape_inference.infer_shapes(model)
    add_pre_process_metadata(model)  # batchnorm is folded and shapes are known: there is nothing left to prepare
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            path,
            calibration,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["Conv", "Relu", "MaxPool", "Transpose", "Flatten", "Gemm"],
            calibrate_method=CalibrationMethod.MinMax,
            # Logits leave as float: rounding them to 256 levels would only lose.
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
        )
        quantized = onnx.load(path)
    quantized.ir_version = IR_VERSION
    onnx.checker.check_model(quantized, full_check=True)
    return quantized
