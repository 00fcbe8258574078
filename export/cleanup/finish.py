"""The last step: names, weights of one's own, and the lowest operator set that has all nodes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...edge.model.contract import INPUT, OUTPUT
from ..graph.versions import NORMALIZED, with_lowest_opset
from .draft import Draft

WEIGHTED = ("Conv", "Gemm")
PARTS = {1: "weight", 2: "bias"}
PIXEL_PARTS = {1: "pixel_scale", 2: "pixel_zero_point"}


def finish(draft: Draft, classes: int) -> onnx.ModelProto:
    """Return the model of a draft that reads and gives what the model contract says.

    Each node and what it makes is called after its kind and place, each constant after its one reader. Raises
    ModelError for operators that no operator set up to 17 has, and for another number of outputs than `classes`.
    """
    _write_biases(draft)
    names = {draft.input: INPUT, draft.output: OUTPUT, "": ""}
    nodes, initializers = list[onnx.NodeProto](), list[onnx.TensorProto]()
    for place, node in enumerate(draft.nodes):
        named = onnx.NodeProto()
        named.CopyFrom(node)
        named.name, named.doc_string = f"{node.op_type.lower()}_{place}", ""
        for at, name in enumerate(node.input):
            if name in draft.constants:
                named.input[at] = _constant_name(named, at)
                initializers.append(numpy_helper.from_array(draft.constants[name].copy(order="C"), named.input[at]))
            else:
                named.input[at] = names[name]
        for at, name in enumerate(node.output):
            usual = NORMALIZED if node.op_type == "DequantizeLinear" else f"{named.name}_out" + (f"_{at}" if at else "")
            names.setdefault(name, usual)
            named.output[at] = names[name]
        nodes.append(named)
    graph = helper.make_graph(
        nodes,
        "edge-cifar",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", *draft.input_shape[1:]])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", classes])],
        initializers,
    )
    return with_lowest_opset(graph)


def _constant_name(node: onnx.NodeProto, at: int) -> str:
    if node.op_type == "DequantizeLinear":
        return PIXEL_PARTS[at]
    return f"{node.name}_{PARTS[at] if node.op_type in WEIGHTED else at}"


def _write_biases(draft: Draft) -> None:
    """Give each convolution without a bias one of zeros."""
    for node in draft.nodes:
        weight = draft.constant(node, 1)
        if node.op_type == "Conv" and weight is not None and not any(node.input[2:]):
            node.input[2:] = [draft.add_constant(f"{node.output[0]}_bias", np.zeros(len(weight), np.float32))]
