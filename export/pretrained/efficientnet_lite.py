"""EfficientNet-Lite0 as an ONNX graph, from the weights of its PyTorch conversion.

The net: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite (MBConv blocks without
squeeze-and-excitation, ReLU6, TensorFlow's SAME padding). Written as somebody else's file would be: float pixels in,
batch normalization in nodes of its own.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from ..graph.graph_writer import GraphWriter
from ..graph.versions import IR_VERSION, OPSET

SIZE = 224
PIXELS, LOGITS = "pixels", "scores"
BLOCKS = 16
HALVING = (1, 3, 5, 11)  # the blocks that halve the image, as the stem does
EPSILON = 1e-3  # of batch normalization, TensorFlow's

State = Mapping[str, npt.NDArray[np.float32]]
"""Arrays by the names of `efficientnet_lite_pytorch`'s modules."""


def efficientnet_lite(state: State) -> onnx.ModelProto:
    """Return the net: float32 (N, 3, 224, 224), channels RGB, pixels as (pixel - 127) / 128 -> logits (N, classes).

    Raises KeyError when `state` lacks a layer.
    """
    writer = GraphWriter()
    writer.value = PIXELS
    side = _convolution(writer, state, "_conv_stem", "_bn0", SIZE, stride=2)
    for i in range(BLOCKS):
        side = _block(writer, state, f"_blocks.{i}.", side, stride=2 if i in HALVING else 1)
    _convolution(writer, state, "_conv_head", "_bn1", side)
    writer.node("GlobalAveragePool")
    writer.node("Flatten")
    writer.node("Gemm", *(writer.constant(name, state[name]) for name in ("_fc.weight", "_fc.bias")), transB=1)
    writer.nodes[-1].output[0] = LOGITS
    graph = helper.make_graph(
        writer.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info(PIXELS, TensorProto.FLOAT, ["N", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["N", len(state["_fc.bias"])])],
        writer.initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _block(writer: GraphWriter, state: State, prefix: str, side: int, stride: int) -> int:
    """Add an inverted residual: expanded (but the first), filtered, brought back, added where the shapes are alike.

    Return the side that it leaves of `side`.
    """
    entered, channels = writer.value, state[f"{prefix}_project_conv.weight"].shape[0]
    width = state[f"{prefix}_depthwise_conv.weight"].shape[0]
    if f"{prefix}_expand_conv.weight" in state:
        width = state[f"{prefix}_expand_conv.weight"].shape[1]
        _convolution(writer, state, f"{prefix}_expand_conv", f"{prefix}_bn0", side)
    side = _convolution(writer, state, f"{prefix}_depthwise_conv", f"{prefix}_bn1", side, stride)
    _convolution(writer, state, f"{prefix}_project_conv", f"{prefix}_bn2", side, activated=False)
    if stride == 1 and width == channels:
        writer.node("Add", entered)
    return side


def _convolution(
    writer: GraphWriter, state: State, conv: str, norm: str, side: int, stride: int = 1, activated: bool = True
) -> int:
    """Add a convolution, depthwise if its kernels are one channel deep, its normalization and ReLU6.

    Return the side that it leaves of `side`.
    """
    weight = state[f"{conv}.weight"]  # (O, I, K, K)
    kernel = weight.shape[2]
    writer.node(
        "Conv",
        writer.constant(f"{conv}.weight", weight),
        group=len(weight) if weight.shape[1] == 1 else 1,
        kernel_shape=[kernel, kernel],
        pads=_same(side, kernel, stride),
        strides=[stride, stride],
    )
    names = [f"{norm}.{what}" for what in ("weight", "bias", "running_mean", "running_var")]
    writer.node("BatchNormalization", *(writer.constant(name, state[name]) for name in names), epsilon=EPSILON)
    if activated:
        bounds = [writer.constant(f"{conv}.{bound}", np.array(bound, np.float32)) for bound in (0, 6)]
        writer.node("Clip", *bounds)
    return -(-side // stride)


def _same(side: int, kernel: int, stride: int) -> list[int]:
    """Return TensorFlow's SAME padding, top, left, bottom, right: what is odd of it goes below and to the right."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before, after = total // 2, total - total // 2
    return [before, before, after, after]
