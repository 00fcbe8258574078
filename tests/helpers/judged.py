"""Graphs of a few nodes for the tests of the proof, and what is found of them."""

from typing import Any

import numpy as np
import onnx
from edge_cifar.export.proof.prove_graph import findings
from edge_cifar.export.proof.rules import Finding, Verdict
from onnx import TensorProto, helper, numpy_helper

ROWS = np.array([[64, 64], [-127, 1], [5, -60]], np.int8)  # (O, I), within the rule
OVER = np.array([[64, 65], [0, 0], [0, 0]], np.int8)  # neighbours along the inputs, but not along the outputs
CONSTANTS = {
    "s": np.float32(0.5),
    "t": np.float32(0.25),
    "z": np.uint8(0),
    "nine": np.uint8(9),
    "minus": np.int8(0),
    "channels": np.full(3, 0.5, np.float32),
    "zeros": np.zeros(3, np.int8),
    "no_bias": np.zeros(3, np.int32),
    "float_bias": np.ones(3, np.float32),
    "bytes": np.zeros((3, 2), np.uint8),
    "floats": np.ones((3, 2), np.float32),
    "half": np.ones((3, 2), np.float16),
    "double": np.ones((3, 2), np.float64),
    "shape": np.array([1, -1]),
    "two": np.ones(2, np.int32),
    "int32": np.ones((3, 2), np.int32),
    "scalar32": np.int32(3),
    "small": np.float32(0.02),
    "zero": np.float32(0),
    "six": np.float32(6),
    "minus_one": np.float32(-1),
    "kernel": ROWS[:, :, None, None],
    "kernel_over": OVER[:, :, None, None],
    "rows": ROWS,
    "rows_over": OVER,
    "columns": ROWS.T,
    "columns_over": OVER.T,
}

SAME, ROUNDS, OVERFLOW, NO_RULE = Verdict.SAME_BITS, Verdict.ROUNDING, Verdict.OVERFLOW, Verdict.NO_RULE
EXACT = Finding(SAME, "sums exact in 32 bits, rounded once")
FLOAT_SUMS = Finding(ROUNDS, "float sums")
STAYS_FLOAT = Finding(ROUNDS, "its output stays float")
SIXTEEN = Finding(OVERFLOW, "products of its weights may leave 16 bits")
AXIS = Finding(NO_RULE, "its weights' scales are not one for all or one for each output channel")


def node(kind: str, inputs: str, output: str = "y", domain: str = "", **attributes: Any) -> onnx.NodeProto:
    """A node of inputs such as "x s z", where "-" is one left out."""
    names = [name.replace("-", "") for name in inputs.split()]
    return helper.make_node(kind, names, output.split(), domain=domain, **attributes)


def judged(*nodes: onnx.NodeProto, kind: str = "", outputs: str = "last") -> Finding:
    """The finding of the node that is not named, or of the first of a kind."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs.split()]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in CONSTANTS.items()]
    found = findings(helper.make_model(helper.make_graph(nodes, "graph", [], ends, tensors)))
    assert len(found) == len(nodes)
    return next(finding for name, finding in found if name == (kind or nodes[-1].op_type))


READ = node("DequantizeLinear", "x s z", "read", name="r")
WEIGHTS = node("DequantizeLinear", "kernel channels zeros", "weights", name="w", axis=0)
ROUNDING = node("QuantizeLinear", "y t z", "given", name="q")


def weights(tensor: str, axis: int) -> onnx.NodeProto:
    return node("DequantizeLinear", f"{tensor} channels zeros", "weights", name="w", axis=axis)
