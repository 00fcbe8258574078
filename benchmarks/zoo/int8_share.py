"""How much of a quantized graph is int8: its convolutions and dense layers, each by its multiplications."""

import math

import onnx
from onnx import shape_inference

from ...export.graph.graph_view import GraphView

LAYERS = ("Conv", "Gemm", "MatMul")


def int8_share(model: onnx.ModelProto) -> float:
    """Return the share, 0 to 1, of multiplications of one image that are of integers; 0 where there are none.

    Of integers are those of a layer whose input and weight are dequantized for it, and, but for a dense layer, whose
    output is quantized at once: onnxruntime computes others in float.
    """
    view, inferred = GraphView(model), shape_inference.infer_shapes(model).graph
    shapes = {value.name: _shape(value) for value in (*inferred.value_info, *inferred.output, *inferred.input)}
    macs = {True: 0, False: 0}
    for node in view.nodes:
        if node.op_type in LAYERS:
            macs[_is_int8(view, node)] += _macs(view, node, shapes)
    return macs[True] / max(1, sum(macs.values()))


def _is_int8(view: GraphView, node: onnx.NodeProto) -> bool:
    if not all(view.maker(name, "DequantizeLinear") for name in node.input[:2]):
        return False
    following = view.readers(node.output[0])
    if len(following) == 1 and following[0].op_type in ("Relu", "Clip"):
        following = view.readers(following[0].output[0])
    return node.op_type != "Conv" or all(reader.op_type == "QuantizeLinear" for reader in following)


def _macs(view: GraphView, node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    """Return the multiplications of one image: for each number that comes out, as many as its weights have."""
    out = math.prod(shapes[node.output[0]][1:])
    if node.op_type == "MatMul":
        return out * shapes[node.input[0]][-1]
    quantized = view.maker(node.input[1], "DequantizeLinear")
    weight = view.constant(quantized.input[0] if quantized else node.input[1])
    assert weight is not None, f"{node.name}: its weight is no constant"
    transposed = node.op_type == "Conv" or any(each.name == "transB" and each.i for each in node.attribute)
    return out * (math.prod(weight.shape[1:]) if transposed else weight.shape[0])


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]
