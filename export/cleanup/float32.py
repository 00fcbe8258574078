"""Half and double precision brought to float32."""

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

OTHER_FLOATS = {TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}


def to_float32(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model that computes in float32 what it computed in float16, bfloat16 or float64, with its weights."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    for tensor in graph.initializer:
        _convert(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                _convert(attribute.t)
            elif attribute.name in ("to", "dtype") and attribute.i in OTHER_FLOATS:  # of Cast, EyeLike, ...
                attribute.i = TensorProto.FLOAT
    for info in (*graph.input, *graph.output):
        if info.type.tensor_type.elem_type in OTHER_FLOATS:
            info.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:]
    return changed


def _convert(tensor: onnx.TensorProto) -> None:
    if tensor.data_type in OTHER_FLOATS:
        array = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
