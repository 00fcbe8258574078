"""A graph that is being changed: its nodes in order, its constants as arrays."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Constant = npt.NDArray[Any]
Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]

LARGEST_OPERAND = 64  # numbers of a constant that shape inference may have to know


class Draft:
    """The graph of a model with one input and one output, whose tensors can be renamed and nodes replaced.

    `input_shape` is for some batch, and so is all that `shapes` tells. Nodes are in an order that can be computed.
    """

    def __init__(self, model: onnx.ModelProto, input_shape: Shape):
        graph = model.graph
        self.input, self.output = graph.input[0].name, graph.output[0].name
        self.input_type: int = graph.input[0].type.tensor_type.elem_type
        self.input_shape = input_shape
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Constant] = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = _value(node)
            else:
                self.nodes.append(onnx.NodeProto.FromString(node.SerializeToString()))
        self.opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 1)
        self._names = {*self.constants, self.input, *(name for node in self.nodes for name in node.output)}

    @property
    def batch(self) -> int:
        """The number of images that `shapes` are for."""
        return self.input_shape[0]

    def maker(self, name: str, *kinds: str) -> onnx.NodeProto | None:
        """Return the node that makes a tensor, if it is of one of these kinds."""
        return next((node for node in self.nodes if name and name in node.output and node.op_type in kinds), None)

    def readers(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that read a tensor, each once."""
        return [node for node in self.nodes if name in node.input]

    def is_only_reader(self, node: onnx.NodeProto, name: str) -> bool:
        """Return whether nothing but `node` needs a tensor."""
        return name != self.output and self.readers(name) == [node]

    def constant(self, node: onnx.NodeProto, at: int) -> Constant | None:
        """Return the constant that a node reads at input `at`, None if it is none or there is no such input."""
        return self.constants.get(node.input[at]) if at < len(node.input) else None

    def fresh(self, name: str) -> str:
        """Return a name for a tensor that no tensor has yet."""
        unused = next(n for i in range(len(self._names) + 1) if (n := f"{name}_{i}") not in self._names)
        self._names.add(unused)
        return unused

    def add_constant(self, name: str, array: npt.ArrayLike) -> str:
        """Add a constant and return its name, made of `name`."""
        unused = self.fresh(name)
        self.constants[unused] = np.asarray(array)
        return unused

    def replace(self, node: onnx.NodeProto, *others: onnx.NodeProto) -> None:
        """Put other nodes in a node's place: none, or such that make all that is read of its output."""
        at = self._index(node)
        self.nodes[at : at + 1] = others

    def insert_first(self, *others: onnx.NodeProto) -> None:
        """Put nodes at the beginning."""
        self.nodes[:0] = others

    def bypass(self, node: onnx.NodeProto) -> None:
        """Take a node out; what read its first output reads what it read first."""
        self.replace(node)
        self.redirect(node.output[0], node.input[0])

    def redirect(self, name: str, source: str) -> None:
        """Let everything that reads tensor `name` read `source`, the graph's output included."""
        for node in self.nodes:
            for at, read in enumerate(node.input):
                if read == name:
                    node.input[at] = source
        if self.output == name:
            self.output = source

    def remove_unread(self) -> None:
        """Take out nodes and constants that nothing reads."""
        needed, kept = {self.output}, list[onnx.NodeProto]()
        for node in reversed(self.nodes):
            if needed & set(node.output):
                needed |= set(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.constants = {name: array for name, array in self.constants.items() if name in needed}

    def shapes(self) -> Shapes:
        """Return the shapes of all tensors for which ONNX infers one."""
        model = self.model(self.nodes, [self.input], [self.output], LARGEST_OPERAND)
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        found = {name: array.shape for name, array in self.constants.items()}
        for info in (*inferred.input, *inferred.value_info, *inferred.output):
            dims = info.type.tensor_type.shape.dim
            if info.type.tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
                found[info.name] = tuple(dim.dim_value for dim in dims)
        return found

    def model(
        self, nodes: Iterable[onnx.NodeProto], inputs: list[str], outputs: list[str], largest: float = np.inf
    ) -> onnx.ModelProto:
        """Return a model of some nodes; constants of more than `largest` numbers become inputs of their shape."""
        nodes = list(nodes)
        read = {name: self.constants[name] for node in nodes for name in node.input if name in self.constants}
        held = {name: array for name, array in read.items() if array.size <= largest}
        open_ones = {name: array for name, array in read.items() if array.size > largest}
        infos = [helper.make_tensor_value_info(name, self.input_type, self.input_shape) for name in inputs]
        infos += [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in open_ones.items()
        ]
        graph = helper.make_graph(
            nodes,
            "draft",
            infos,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in held.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])

    def _index(self, node: onnx.NodeProto) -> int:
        return next(at for at, other in enumerate(self.nodes) if other is node)


def set_attributes(node: onnx.NodeProto, **values: float | list[int] | None) -> None:
    """Give a node these attributes; None takes one away."""
    kept = [entry for entry in node.attribute if entry.name not in values]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(helper.make_attribute(name, value) for name, value in values.items() if value is not None)


def _value(node: onnx.NodeProto) -> Constant:
    """Return what a Constant node holds."""
    value = helper.get_attribute_value(node.attribute[0])
    if isinstance(value, onnx.TensorProto):
        return np.asarray(numpy_helper.to_array(value))
    floats = node.attribute[0].name in ("value_float", "value_floats")
    return np.asarray(value, np.float32 if floats else np.int64)
