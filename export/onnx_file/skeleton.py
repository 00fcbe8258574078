"""A model without its large weights, for onnx's checker and shape inference, which copy all that they are given."""

import onnx
from onnx import helper

LARGE = 1024  # bytes; what shapes are computed from is smaller


def skeleton(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of `model` that takes its large weights as inputs, behind its own."""
    graph = model.graph
    bare = onnx.GraphProto(name=graph.name, node=graph.node, input=graph.input, output=graph.output)
    bare.value_info.extend(graph.value_info)
    inputs = {entry.name for entry in graph.input}
    for tensor in graph.initializer:
        if tensor.ByteSize() <= LARGE:
            bare.initializer.append(tensor)
        elif tensor.name not in inputs:
            bare.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    copy = onnx.ModelProto(ir_version=model.ir_version, graph=bare, opset_import=model.opset_import)
    copy.metadata_props.extend(model.metadata_props)
    return copy
