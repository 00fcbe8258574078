"""Elementwise functions that onnxruntime computes in float between two roundings: GELU, or hard-swish in old exports.

A function of one tensor that takes several nodes loses by rounding between them, and most kinds have no integer kernel
that could make up for it. Only a sigmoid times what it was made of (SiLU) is twice as fast in integers.
"""

import onnx

from ..proof.enumeration import FUNCTIONS

RANGES = ("Relu", "Clip")  # of what is in front of them, where that is no function
INTEGER = {"Sigmoid", "Mul"}


def float_functions(model: onnx.ModelProto) -> list[str]:
    """Return the names of the nodes of a float model that make up functions of one tensor, several each."""
    constants = {tensor.name for tensor in model.graph.initializer}
    made_of: dict[str, tuple[str, list[onnx.NodeProto]]] = {}  # by tensor: the one that it is a function of, and how
    for node in model.graph.node:
        read = [name for name in node.input if name and name not in constants]
        if node.op_type not in FUNCTIONS or (node.op_type in RANGES and read[0] not in made_of):
            continue
        sources = {made_of[name][0] if name in made_of else name for name in read}
        if len(sources) == 1:
            before = [each for name in read if name in made_of for each in made_of[name][1]]
            made_of[node.output[0]] = sources.pop(), [*before, node]
    functions = [nodes for _, nodes in made_of.values() if len(nodes) > 1 and not _is_integer(nodes, constants)]
    return list(dict.fromkeys(node.name for nodes in functions for node in nodes))


def _is_integer(nodes: list[onnx.NodeProto], constants: set[str]) -> bool:
    """Return whether each node has a kernel of integers, which constants would only lose by."""
    return all(node.op_type in INTEGER and not constants & set(node.input) for node in nodes)
