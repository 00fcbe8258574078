"""Writing a graph node by node."""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from ...edge.model.contract import INPUT


class GraphWriter:
    """Nodes and initializers in the order they are added; `value` names the last one's output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.value = INPUT

    def node(self, kind: str, *constants: str, output: str = "", **attributes: float | list[int] | None) -> None:
        """Append a node that reads the last output (and `constants`) and names its own output after its kind.

        An attribute that is None is left out.
        """
        name = f"{kind.lower()}_{len(self.nodes)}"
        output = output or f"{name}_out"
        node = helper.make_node(kind, [self.value, *constants], [output], name)
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in sorted(attributes.items()) if value is not None
        )
        self.nodes.append(node)
        self.value = output

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> str:
        """Add an initializer and return its name."""
        self.initializers.append(numpy_helper.from_array(array.copy(order="C"), name))
        return name
