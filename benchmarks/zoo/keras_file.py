"""A file as tf2onnx writes a Keras net: channels last at its ends, MatMul and Add, a softmax, TensorFlow's padding."""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from ...export.graph.graph_writer import GraphWriter
from ...export.graph.versions import IR_VERSION, OPSET

INPUT, OUTPUT = "input_1", "predictions"
SEED = 0
BLOCKS = ((16, 24, 2), (24, 32, 2), (32, 64, 2))  # depthwise separable: channels in, channels out, stride

Array = npt.NDArray[np.float32]


def keras_file(size: int, classes: int) -> onnx.ModelProto:
    """Return a small MobileNet, random weights: float32 (N, size, size, 3) as pixel / 127.5 - 1 -> (N, classes)."""
    random = np.random.default_rng(SEED)
    writer = GraphWriter()
    writer.value = INPUT
    writer.node("Transpose", perm=[0, 3, 1, 2])
    _pad(writer)  # a layer of its own where Keras halves an image
    _conv(writer, _kernel(random, 16, 3, 3), stride=2)
    _relu6(writer)
    for entering, leaving, stride in BLOCKS:
        _conv(writer, _kernel(random, entering, 1, 3), stride, group=entering, auto_pad="SAME_UPPER")
        _batch_norm(writer, random, entering)
        _relu6(writer)
        _conv(writer, _kernel(random, leaving, entering, 1))
        _relu6(writer)
    writer.node("Transpose", perm=[0, 2, 3, 1])
    writer.node("ReduceMean", axes=[1, 2], keepdims=0)
    weight = random.normal(0, 3 / np.sqrt(BLOCKS[-1][1]), (BLOCKS[-1][1], classes)).astype(np.float32)
    writer.node("MatMul", writer.constant("predictions/MatMul/ReadVariableOp:0", weight))
    writer.node("Add", writer.constant("predictions/bias:0", random.normal(0, 0.1, classes).astype(np.float32)))
    writer.node("Softmax", axis=-1, output=OUTPUT)
    graph = helper.make_graph(
        writer.nodes,
        "tf2onnx",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["unk__1", size, size, 3])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["unk__2", classes])],
        writer.initializers,
    )
    return helper.make_model(
        graph, producer_name="tf2onnx", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )


def _kernel(random: np.random.Generator, leaving: int, entering: int, side: int) -> Array:
    return random.normal(0, np.sqrt(2 / (entering * side**2)), (leaving, entering, side, side)).astype(np.float32)


def _conv(writer: GraphWriter, weight: Array, stride: int = 1, group: int = 1, auto_pad: str | None = None) -> None:
    name = f"conv_{len(writer.nodes)}"
    names = [
        writer.constant(f"{name}/kernel:0", weight),
        writer.constant(f"{name}/bias:0", np.zeros(len(weight), np.float32)),
    ]
    padding = {"auto_pad": auto_pad} if auto_pad else {}
    writer.node("Conv", *names, strides=[stride, stride], group=group, **padding)  # type: ignore[arg-type]


def _batch_norm(writer: GraphWriter, random: np.random.Generator, channels: int) -> None:
    name = f"bn_{len(writer.nodes)}"
    values = {
        "gamma": random.uniform(0.5, 1.5, channels),
        "beta": random.normal(0, 0.3, channels),
        "moving_mean": random.normal(0, 0.1, channels),
        "moving_variance": random.uniform(0.5, 1.5, channels),
    }
    names = [writer.constant(f"{name}/{key}:0", value.astype(np.float32)) for key, value in values.items()]
    writer.node("BatchNormalization", *names, epsilon=1e-3)


def _pad(writer: GraphWriter) -> None:
    """Add one row below and one column to the right."""
    name = f"pad_{len(writer.nodes)}"
    writer.node("Pad", writer.constant(name, np.array([0, 0, 0, 0, 0, 0, 1, 1])))


def _relu6(writer: GraphWriter) -> None:
    name = f"relu_{len(writer.nodes)}"
    writer.node("Clip", *(writer.constant(f"{name}/{bound}", np.array(bound, np.float32)) for bound in (0, 6)))
