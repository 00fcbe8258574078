"""Shapes settled and constants folded, by onnxruntime's own optimizer."""

import tempfile
from pathlib import Path

import onnx
import onnxruntime
from onnx import version_converter

from ...edge.errors import ModelError

FIRST_OPSET, UPDATED_OPSET = 13, 17


def settle(model: onnx.ModelProto, shape: tuple[int, ...]) -> onnx.ModelProto:
    """Return a model as onnxruntime simplifies it when its one input is of `shape`, all numbers.

    What it does at ORT_ENABLE_BASIC (core/optimizer/graph_transformer_utils.cc, TransformerLevel::Level1) is the same
    on every CPU and leaves standard operators: constants and shapes are folded, BatchNormalization, Mul, Add and Pad go
    into convolutions, MatMul and Add become Gemm, functions are written out, Transposes are pushed on until they
    cancel. Operator sets before 13 are brought to 17 first. Raises ModelError when onnx or onnxruntime can't do its
    part.
    """
    settled = onnx.ModelProto()
    settled.CopyFrom(model)
    del settled.graph.value_info[:]
    for info, dims in ((settled.graph.input[0], shape), (settled.graph.output[0], None)):
        info.type.tensor_type.ClearField("shape")
        for dim in dims or ():
            info.type.tensor_type.shape.dim.add().dim_value = dim
    try:
        return _optimized(_updated(settled))
    except Exception as error:  # whatever a foreign graph makes of onnx's and onnxruntime's
        raise ModelError(f"onnxruntime can't open it for images of {shape[1:]}: {error}") from error


def _updated(model: onnx.ModelProto) -> onnx.ModelProto:
    version = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 1)
    return model if version >= FIRST_OPSET else version_converter.convert_version(model, UPDATED_OPSET)


def _optimized(model: onnx.ModelProto) -> onnx.ModelProto:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4  # errors arrive as exceptions
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settled.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(path)
