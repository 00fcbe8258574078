"""Which nodes of a float model stay in float: those that would lose in integers, or would gain nothing by them."""

from collections.abc import Collection, Iterator

import onnx

from ..proof.enumeration import FUNCTIONS
from ..proof.functions import MOVERS

QUANTIZED_KINDS = [
    *("Conv", "Relu", "MaxPool", "Transpose", "Flatten", "Gemm", "Add", "GlobalAveragePool"),
    *("Clip", "Mul", "Sigmoid", "LeakyRelu", "Concat", "Split", "Slice", "Reshape", "Squeeze", "Unsqueeze"),
]
ALWAYS_INTEGER = ("Conv", "DequantizeLinear")  # what they give, whatever they read
RANGES = ("Relu", "Clip")  # of what is in front of them, where that is no function
SILU = {"Sigmoid", "Mul"}  # twice as fast in integers


def float_nodes(model: onnx.ModelProto) -> list[str]:
    """Return the names of the nodes of kinds that could be integers, and are better left in float."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return list(dict.fromkeys([*_of_floats(model, constants), *_functions(model, constants)]))


def _of_floats(model: onnx.ModelProto, constants: Collection[str]) -> Iterator[str]:
    """Yield the nodes that read what is computed in float anyway, as by a LayerNormalization: parts of it, maybe."""
    integers = set[str]()
    for node in model.graph.node:
        read = [name for name in node.input if name and name not in constants]
        follows = node.op_type in QUANTIZED_KINDS or node.op_type in FUNCTIONS or node.op_type in MOVERS
        if node.op_type in ALWAYS_INTEGER or (follows and node.op_type != "Gemm" and integers.issuperset(read)):
            integers.update(node.output)
        elif node.op_type not in ("Conv", "Gemm"):
            yield node.name


def _functions(model: onnx.ModelProto, constants: Collection[str]) -> Iterator[str]:
    """Yield the nodes of functions of one tensor, as GELU or hard-swish in old exports, several or with constants.

    Rounding between them loses, and most of their kinds have no kernel of integers that could make up for it.
    """
    made_of: dict[str, tuple[str, list[onnx.NodeProto]]] = {}  # by tensor: the one that it is a function of, and how
    for node in model.graph.node:
        read = [name for name in node.input if name and name not in constants]
        if node.op_type not in FUNCTIONS or (node.op_type in RANGES and read[0] not in made_of):
            continue
        sources = {made_of[name][0] if name in made_of else name for name in read}
        if len(sources) == 1:
            before = [each for name in read if name in made_of for each in made_of[name][1]]
            made_of[node.output[0]] = sources.pop(), [*before, node]
    for _, nodes in made_of.values():
        with_constants = any(name in constants for node in nodes for name in node.input)
        if with_constants or (len(nodes) > 1 and not {node.op_type for node in nodes} <= SILU):
            yield from (node.name for node in nodes)
