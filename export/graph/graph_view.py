"""Reading a graph: what a tensor is made by, read by, and worth where it is a constant."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Constant = npt.NDArray[Any]


@dataclass(frozen=True)
class Steps:
    """How integers stand for numbers: scale and zero point, each None unless it is a constant of the file."""

    scale: Constant | None
    zero_point: Constant | None
    axis: int = 1  # of a scale for each channel

    @property
    def kind(self) -> str:
        """The name of the integers' type, as "uint8"; "" when it is not known."""
        return "" if self.zero_point is None else self.zero_point.dtype.name

    @property
    def one_scale(self) -> float | None:
        """The scale, positive and normal, that with a zero point serves all values; None without such constants."""
        return float(self.scale.item()) if self.usable and self.scale is not None and self.scale.size == 1 else None

    @property
    def for_whole_tensor(self) -> bool:
        """Whether one scale, positive and normal, and one zero point, both constants, serve all values."""
        return self.one_scale is not None

    @property
    def usable(self) -> bool:
        """Whether scale and zero point are constants, and the scale positive, finite and not denormal."""
        if self.scale is None or self.zero_point is None or self.scale.dtype != np.float32:
            return False
        return bool(np.isfinite(self.scale).all() and (self.scale >= np.finfo(np.float32).tiny).all())


class GraphView:
    """A model's nodes and constants, by the names of tensors. An initializer that callers may replace is none."""

    def __init__(self, model: onnx.ModelProto):
        graph = model.graph
        self.nodes = list(graph.node)
        self.outputs = {output.name for output in graph.output}
        replaceable = {entry.name for entry in graph.input}
        self._tensors = {tensor.name: tensor for tensor in graph.initializer if tensor.name not in replaceable}
        self._makers = {name: node for node in graph.node for name in node.output}
        self._readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in graph.node:
            for name in dict.fromkeys(node.input):
                self._readers[name].append(node)

    def constant(self, name: str) -> Constant | None:
        """Return the value of a constant, None of any other tensor."""
        tensor = self._tensors.get(name)
        return None if tensor is None else np.asarray(numpy_helper.to_array(tensor))

    def maker(self, name: str, kind: str = "") -> onnx.NodeProto | None:
        """Return the node that makes a tensor, if it is of that kind, or of any where none is asked for."""
        node = self._makers.get(name)
        return node if node is not None and kind in ("", node.op_type) else None

    def readers(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that read a tensor."""
        return self._readers[name]

    def steps(self, node: onnx.NodeProto, at: int) -> Steps:
        """Return the scale and zero point that a node reads at inputs `at` and `at + 1`.

        Where none is written, the zero point is 0 of the type that QuantizeLinear gives or DequantizeLinear reads. Both
        are None where an attribute says more of them: another type, blocks, a precision (ONNX operator sets 21 and on).
        """
        conversion = node.op_type in ("QuantizeLinear", "DequantizeLinear")
        if conversion and any(entry.name != "axis" for entry in node.attribute):
            return Steps(None, None)
        scale, zero_point = self.constant(input_name(node, at)), self.constant(input_name(node, at + 1))
        if not input_name(node, at + 1):
            read = self.constant(node.input[0])
            if node.op_type == "QuantizeLinear":
                zero_point = np.zeros((), np.uint8)
            elif node.op_type == "DequantizeLinear" and read is not None:
                zero_point = np.zeros((), read.dtype)
        return Steps(scale, zero_point, attribute(node, "axis", 1))


def input_name(node: onnx.NodeProto, index: int) -> str:
    """Return the name of a node's input, "" where it has none."""
    return node.input[index] if index < len(node.input) else ""


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the values of a node's attributes by name."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """Return the value of a node's attribute, or what it is without one."""
    return next((helper.get_attribute_value(entry) for entry in node.attribute if entry.name == name), default)


def is_set(node: onnx.NodeProto, name: str) -> bool:
    """Return whether a node has an attribute that is a whole number other than 0."""
    return any(entry.name == name and entry.i != 0 for entry in node.attribute)
