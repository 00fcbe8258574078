"""Little ONNX files such as other people's exporters write."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LETTERS = ("a", "b", "c", "d")
Shape = Sequence[int | str | None] | None


def value(name: str, shape: Shape, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def net(
    nodes: Sequence[onnx.NodeProto] | None = None,
    image: Shape = ("N", 3, 8, 8),
    given: Shape = ("N", 4),
    kind: int = TensorProto.FLOAT,
    opset: int = 13,
    inputs: Sequence[onnx.ValueInfoProto] = (),
    outputs: Sequence[onnx.ValueInfoProto] = (),
    metadata: Mapping[str, str] | None = None,
    **weights: Any,
) -> onnx.ModelProto:
    """A convolution and a global mean between "image" and "scores", or other `nodes`."""
    usual = [
        helper.make_node("Conv", ["image", "weight"], ["features"], name="conv"),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"], name="pool"),
        helper.make_node("Flatten", ["pooled"], ["scores"], name="flatten"),
    ]
    if nodes is None:
        weights.setdefault("weight", np.linspace(-1, 1, 108, dtype=np.float32).reshape(4, 3, 3, 3))
    graph = helper.make_graph(
        usual if nodes is None else list(nodes),
        "net",
        [value("image", image, kind), *inputs],
        [value("scores", given, kind), *outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    domains = {"", *(node.domain for node in graph.node)}
    opsets = [helper.make_opsetid(domain, opset if domain == "" else 1) for domain in sorted(domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    return model


def save(model: onnx.ModelProto, folder: Path) -> Path:
    """Write a model, and labels for its four classes beside it."""
    (folder / "letters.txt").write_text("\n".join(LETTERS))
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path
