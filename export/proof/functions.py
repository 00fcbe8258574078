"""The elementwise functions of a graph: what lies between integers and the rounding that makes integers of it again.

Between DequantizeLinears and a QuantizeLinear, as a file is written and as onnxruntime leaves what it computes in
float, or in one node, as it fuses the others (core/mlas/lib/qlmul.cpp,
contrib_ops/cpu/quantization/qlinear_activations.cc).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx

from ..graph.graph_view import Constant, GraphView, Steps, attributes, input_name
from .enumeration import FUNCTIONS, LEVELS, Bounded, dequantized, exactly, margin

DEQUANTIZE, QUANTIZE = "DequantizeLinear", "QuantizeLinear"
MOVERS = {"Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "MaxPool", "Split", "Slice"}
FUSED = {"QLinearMul": (0, 3), "QLinearSigmoid": (0,), "QLinearLeakyRelu": (0,)}  # and where each reads tensors
LARGEST_CASES = 2**20  # combinations of inputs, at most
DEEPEST = 64  # nodes in a row

Scales = Mapping[str, float]  # by the names of initializers, to be tried in the place of the file's


class _NoRuleError(Exception):
    """A tensor whose values can't be enumerated."""


@dataclass(frozen=True)
class Leaf:
    """What a function reads: integers that stand for numbers, or numbers as they are."""

    levels: Constant
    steps: Steps | None
    scale_name: str


@dataclass(frozen=True)
class Applied:
    """An operator on leaves, by their place, and on what other operators give; None for an input left out."""

    kind: str
    attributes: Mapping[str, Any]
    inputs: tuple["Applied | int | None", ...]


class Function:
    """What one node rounds to uint8, its `output`, if all values can be enumerated: else `margin` is minus infinity.

    `scale_names` are the initializers that hold the scales of what it gives, which is the first, and reads.
    """

    def __init__(self, view: GraphView, rounding: onnx.NodeProto):
        self._view, self.output = view, rounding.output[0]
        self._leaves: dict[tuple[str, ...], Leaf] = {}  # by the tensor and how it was moved
        self._known: dict[tuple[str, ...], Applied | int] = {}  # likewise
        tensors = FUSED.get(rounding.op_type, ())
        at = 3 * len(tensors) or 1
        self._output, output_name = view.steps(rounding, at), input_name(rounding, at)
        try:
            if self._output.kind != "uint8" or not self._output.for_whole_tensor:
                raise _NoRuleError
            self._tree = self._fused(rounding, tensors) if tensors else self._behind(rounding.input[0])
            self.enumerable = math.prod(leaf.levels.size for leaf in self._leaves.values()) <= LARGEST_CASES
        except _NoRuleError:
            self.enumerable = False
        names = (output_name, *(leaf.scale_name for leaf in self._leaves.values()))
        self.scale_names = tuple(dict.fromkeys(filter(None, names)))

    def margin(self, scales: Scales | None = None) -> float:
        """Return by how many steps the worst result misses a border, errors taken off: above 0 all CPUs agree."""
        if not self.enumerable:
            return -math.inf
        scales = scales or {}
        with np.errstate(over="ignore", invalid="ignore"):
            result = self._value(self._tree, list(self._inputs(scales)), {})
            return margin(result, _scaled(self._output, scales.get(self.scale_names[0])))

    def _inputs(self, scales: Scales) -> Iterator[Bounded]:
        """Yield the values of each leaf, along an axis of its own."""
        for axis, leaf in enumerate(self._leaves.values()):
            others = len(self._leaves) - axis - 1
            levels = leaf.levels.astype(np.float64).reshape(-1, *[1] * others)
            steps = leaf.steps and _scaled(leaf.steps, scales.get(leaf.scale_name))
            yield exactly(levels) if steps is None else dequantized(levels, steps)

    def _value(self, tree: Applied | int, inputs: list[Bounded], known: dict[int, Bounded]) -> Bounded:
        """Return the value of a tree; `known` are those of others, by their identity: two nodes may read one."""
        if isinstance(tree, int):
            return inputs[tree]
        if id(tree) not in known:
            read = [None if part is None else self._value(part, inputs, known) for part in tree.inputs]
            known[id(tree)] = FUNCTIONS[tree.kind](tree.attributes, *read)
        return known[id(tree)]

    def _fused(self, node: onnx.NodeProto, tensors: tuple[int, ...]) -> Applied:
        inputs = tuple(self._leaf(node, at) for at in tensors)
        return Applied(node.op_type.removeprefix("QLinear"), attributes(node), inputs)

    def _behind(self, name: str, moves: tuple[str, ...] = (), depth: int = 0) -> Applied | int:
        """Return how a tensor is computed, which is `moves`d behind it. Raises _NoRuleError."""
        if depth > DEEPEST:
            raise _NoRuleError
        if (name, *moves) not in self._known:
            self._known[(name, *moves)] = self._found(name, moves, depth)
        return self._known[(name, *moves)]

    def _found(self, name: str, moves: tuple[str, ...], depth: int) -> Applied | int:
        constant, node = self._view.constant(name), self._view.maker(name)
        if constant is not None:
            return self._constant((name, *moves), constant)
        if node is not None and node.op_type == DEQUANTIZE:
            return self._leaf(node, 0, moves)
        if node is not None and node.op_type in MOVERS:
            way = f"{list(node.output).index(name)} {node.op_type} {node.input[1:]} {attributes(node)}"
            return self._behind(node.input[0], (f"{way} {self._mixed(node.input[0])}", *moves), depth + 1)
        if node is None or node.op_type not in FUNCTIONS or self._is_fixed_point(node):
            raise _NoRuleError
        inputs = tuple(self._behind(read, moves, depth + 1) if read else None for read in node.input)
        return Applied(node.op_type, attributes(node), inputs)

    def _is_fixed_point(self, node: onnx.NodeProto) -> bool:
        """Return whether Arm may compute a node with multipliers of 22 bits, as it adds (core/mlas/lib/qladd.cpp)."""
        return node.op_type == "Add" and all(self._view.maker(name, DEQUANTIZE) for name in node.input)

    def _mixed(self, name: str) -> str:
        """Return the name of a tensor, "" of integers as they are read.

        Two that are moved alike are still in step only where they are the same integers: a pool takes the largest of
        what it is given, and where an operator has broadcast its inputs, moving the result moves them otherwise.
        """
        return "" if self._view.maker(name, DEQUANTIZE) else name

    def _leaf(self, node: onnx.NodeProto, at: int, moves: tuple[str, ...] = ()) -> int:
        """Return the place of what is read at input `at`, scale and zero point behind it. Raises _NoRuleError."""
        steps, held = self._view.steps(node, at + 1), self._view.constant(node.input[at])
        if steps.kind != "uint8" or not steps.for_whole_tensor:
            raise _NoRuleError
        levels = np.arange(LEVELS) if held is None else np.unique(held)
        key = (*(input_name(node, place) for place in (at, at + 1, at + 2)), *moves)
        return self._place(key, Leaf(levels, steps, input_name(node, at + 1)))

    def _constant(self, key: tuple[str, ...], constant: Constant) -> int:
        if constant.dtype != np.float32 or not np.isfinite(constant).all():
            raise _NoRuleError
        return self._place(key, Leaf(np.unique(constant), None, ""))

    def _place(self, key: tuple[str, ...], leaf: Leaf) -> int:
        self._leaves.setdefault(key, leaf)
        return list(self._leaves).index(key)


def functions(view: GraphView) -> list[Function]:
    """Return what can be enumerated of a graph, in order."""
    found = (Function(view, node) for node in view.nodes if node.op_type == QUANTIZE or node.op_type in FUSED)
    return [function for function in found if function.enumerable]


def proven_outputs(view: GraphView) -> set[str]:
    """Return the tensors that come out alike on every CPU, or out of which only such come, by enumeration."""
    proven = {function.output for function in functions(view) if function.margin() > 0}
    for node in reversed(view.nodes):
        if node.op_type in FUNCTIONS or node.op_type in MOVERS:
            readers = [reader for name in node.output for reader in view.readers(name)]
            if readers and not view.outputs & set(node.output) and all(each.output[0] in proven for each in readers):
                proven.update(node.output)
    return proven


def _scaled(steps: Steps, scale: float | None) -> Steps:
    return steps if scale is None else replace(steps, scale=np.array(scale, np.float32))
