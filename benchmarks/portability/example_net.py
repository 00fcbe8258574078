"""What counter-examples are built of: nets of a few nodes, and what they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...export.proof.portability import Portability

Array = npt.NDArray[Any]

CHANNELS, SIDE, OUT, BATCH, LEVELS = 64, 6, 16, 8, 256
SCALE = np.float32(0.0173)  # no power of two: with those, float sums would be exact
TYPES = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "float32": TensorProto.FLOAT, "int32": TensorProto.INT32}
ROUNDING, UNPROVEN = Portability.ROUNDING, Portability.UNPROVEN


@dataclass(frozen=True)
class Example:
    """A net that breaks a rule, what must be said of it at most, and the same net within the rule, if there is one.

    `differs`: some CPU of `emulators` is known to answer otherwise. Where none is, the rule is there for what is not
    written down, such as what int8 activations do on each CPU.
    """

    rule: str
    broken: onnx.ModelProto
    promise: Portability
    sound: onnx.ModelProto | None = None
    differs: bool = True


@dataclass
class Net:
    """Nodes and constants, added one by one; `input` uint8 (or `kind`) of `shape`."""

    shape: Sequence[int]
    kind: str = "uint8"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    tensors: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)

    def constant(self, value: Any) -> str:
        """Add a constant and return its name."""
        name = f"constant_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return its output."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        domain = "com.microsoft" if operator in ("QGemm", "QLinearAdd") else ""
        self.nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def to_float(self, name: str, scale: Any, zero_point: Any, axis: int = 1) -> str:
        """Dequantize a tensor."""
        return self.node("DequantizeLinear", name, self.constant(scale), self.constant(zero_point), axis=axis)

    def to_integers(self, name: str, scale: Any, zero_point: Any) -> str:
        """Quantize a tensor."""
        return self.node("QuantizeLinear", name, self.constant(scale), self.constant(zero_point))

    def model(self, output: str, kind: str = "uint8") -> onnx.ModelProto:
        """Return the model, whose output is of that kind."""
        rows = helper.make_tensor_value_info("input", TYPES[self.kind], self.shape)
        last = helper.make_tensor_value_info(output, TYPES[kind], None)
        graph = helper.make_graph(self.nodes, "example", [rows, *self.inputs], [last], self.tensors)
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=7)


def pixels(model: onnx.ModelProto) -> Array:
    """Return what a net is shown, the same on every machine: all pairs of bytes, or white, noise, black and noise."""
    shown = model.graph.input[0].type.tensor_type
    shape = [dimension.dim_value for dimension in shown.shape.dim]
    values = np.random.RandomState(0).randint(0, 256, shape)
    values[0::4], values[2::4] = 255, 0
    if shape == [LEVELS, LEVELS]:  # and its mirror image
        values = np.tile(np.arange(LEVELS), (LEVELS, 1))
    return (values - 128).astype(np.int8) if shown.elem_type == TensorProto.INT8 else values.astype(np.uint8)
