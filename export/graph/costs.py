"""What a graph costs: the multiplications of its layers, and its parameters."""

from collections.abc import Mapping
from math import prod

import onnx
from onnx import shape_inference

from .versions import NORMALIZED

WEIGHTED = ("Conv", "Gemm", "MatMul")
COLOURS = 3


def layer_macs(model: onnx.ModelProto) -> Mapping[str, int]:
    """Return multiplications and additions of one image, by the name of each convolution or dense layer.

    `model` is float; a layer multiplies each number that it gives by the weights of one output channel. X, which is no
    colour, counts for nothing.
    """
    inferred = shape_inference.infer_shapes(model, strict_mode=True).graph
    given = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*inferred.value_info, *inferred.output)
    }
    weights = _weight_sizes(model)
    macs = {}
    for node in model.graph.node:
        if node.op_type in WEIGHTED and node.input[1] in weights:
            weight, output = weights[node.input[1]], given[node.output[0]]
            channels = output[1] if node.op_type == "Conv" else output[-1]
            macs[node.name] = prod(weight) * prod(output[1:]) // channels
    return macs


def parameter_count(model: onnx.ModelProto) -> int:
    """Return how many numbers the layers of a float graph hold: weights, but for those of X, and biases."""
    weights = _weight_sizes(model)
    kept = {name for node in model.graph.node if node.op_type in WEIGHTED for name in node.input[1:]}
    return sum(prod(size) for name, size in weights.items() if name in kept)


def _weight_sizes(model: onnx.ModelProto) -> Mapping[str, list[int]]:
    """Return the dimensions of each initializer, those of the first layer without X."""
    sizes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[0] == NORMALIZED:
            sizes[node.input[1]][1] = COLOURS
    return sizes
