"""Small changes to one node."""

import onnx
from onnx import helper


def set_attributes(node: onnx.NodeProto, **values: float | list[int] | None) -> None:
    """Give a node these attributes; None takes one away."""
    kept = [entry for entry in node.attribute if entry.name not in values]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(helper.make_attribute(name, value) for name, value in values.items() if value is not None)
