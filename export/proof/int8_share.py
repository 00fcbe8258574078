"""How much of a model's work is done in integers."""

import math

import onnx

from ..graph.graph_view import GraphView, input_name, is_set

INTEGER, WEIGHTED = ("QLinearConv", "QGemm"), ("Conv", "Gemm", "FusedConv", "FusedGemm")
Shapes = dict[str, tuple[int, ...]]


def int8_share(model: onnx.ModelProto) -> float:
    """Return the share, 0 to 1, of a model's multiplications that are of int8 weights with uint8 activations.

    Counted are those of convolutions, dense layers and products of matrices, for one image; 0 of a model without any.
    """
    view, shapes = GraphView(model), _shapes(model)
    counts = [(_multiplications(node, view, shapes), _is_integer(node, view)) for node in view.nodes]
    total = sum(count for count, _ in counts)
    return sum(count for count, integer in counts if integer) / total if total else 0.0


def _is_integer(node: onnx.NodeProto, view: GraphView) -> bool:
    if node.op_type in WEIGHTED:
        return all(view.maker(name, "DequantizeLinear") for name in node.input[:2])
    return node.op_type in INTEGER


def _multiplications(node: onnx.NodeProto, view: GraphView, shapes: Shapes) -> int:
    """Return the multiplications of a node: of each number that it gives, as many as one sum has products."""
    given = math.prod(shapes.get(node.output[0], (0,)))
    if node.op_type in ("MatMul", "MatMulInteger", "MatMulNBits"):
        return given * shapes.get(node.input[0], (0,))[-1]
    if node.op_type not in (*INTEGER, *WEIGHTED):
        return 0
    name = input_name(node, 3 if node.op_type in INTEGER else 1)
    maker = view.maker(name, "DequantizeLinear")
    weight = view.constant(maker.input[0] if maker is not None else name)
    if weight is None:
        return 0
    rows = "Gemm" in node.op_type and not is_set(node, "transB")
    return given * weight.size // weight.shape[1 if rows else 0]


def _shapes(model: onnx.ModelProto) -> Shapes:
    """Return the shape of each tensor for one image, as far as it is known."""
    single = onnx.ModelProto()
    single.CopyFrom(model)
    for entry in (*single.graph.input, *single.graph.output):
        for dimension in entry.type.tensor_type.shape.dim[:1]:
            dimension.dim_value = 1
    del single.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(single).graph
    values = (*inferred.value_info, *inferred.input, *inferred.output)
    return {value.name: tuple(each.dim_value for each in value.type.tensor_type.shape.dim) for value in values}
