"""Small graphs as other tools write them, and what they compute."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from edge_cifar.export.cleanup.draft import Draft
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]
IMAGES = (2, 3, 8, 8)
RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> Array:
    """Return float32 weights that keep the spread of what they are multiplied with."""
    return (RANDOM.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    """Return a node; `inputs` and `output` are names with spaces between, "_" for none."""
    read = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(kind, read, output.split(), f"the {output}", **attributes)


def graph(
    *nodes: onnx.NodeProto,
    shape: tuple[int | str, ...] = IMAGES,
    opset: int = 17,
    kind: int = TensorProto.FLOAT,
    **constants: Any,
) -> onnx.ModelProto:
    """Return a model from tensor "x" to the last node's output; `constants` by their names."""
    made = helper.make_graph(
        list(nodes),
        "foreign",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], kind, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def draft(*nodes: onnx.NodeProto, shape: tuple[int, ...] = IMAGES, opset: int = 17, **constants: Any) -> Draft:
    """Return a draft of the graph that `graph` makes."""
    return Draft(graph(*nodes, shape=shape, opset=opset, **constants), shape)


def compute(model: onnx.ModelProto | Draft, images: Array) -> Array:
    """Return what a graph makes of images, whatever batch it was settled for."""
    if isinstance(model, Draft):
        model = model.model(model.nodes, [model.input], [model.output])
    running = onnx.ModelProto()
    running.CopyFrom(model)
    running.ir_version = min(running.ir_version, 10)
    running.graph.input[0].type.tensor_type.ClearField("shape")
    running.graph.output[0].type.tensor_type.ClearField("shape")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = onnxruntime.InferenceSession(running.SerializeToString(), options, providers=["CPUExecutionProvider"])
    [output] = session.run(None, {session.get_inputs()[0].name: images})
    return np.asarray(output)


def images(shape: tuple[int, ...] = IMAGES) -> Array:
    """Return images of normal noise."""
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def kinds(model: onnx.ModelProto | Draft) -> list[str]:
    """Return the kinds of a graph's nodes in their order."""
    return [node.op_type for node in (model.nodes if isinstance(model, Draft) else model.graph.node)]
