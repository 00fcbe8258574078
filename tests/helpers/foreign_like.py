"""Float graphs by the model contract with what foreign nets contain, random weights and few nodes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from edge_cifar.edge.model.contract import INPUT, OUTPUT
from edge_cifar.export.graph.net_graph import NORMALIZED
from onnx import TensorProto, helper, numpy_helper

SIZE, CLASSES = 16, 5


class Graph:
    """Nodes added one by one from the normalized pixels on, float (N, 4, SIZE, SIZE); each returns its output."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.RandomState(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[onnx.TensorProto] = []
        scale, zero_point = self.constant(np.float32(1 / 64)), self.constant(np.uint8(128))
        self.node("DequantizeLinear", self.node("Transpose", INPUT, perm=[0, 3, 1, 2]), scale, zero_point)
        self._nodes[-1].output[0] = NORMALIZED

    def constant(self, value: Any) -> str:
        """Add a constant and return its name."""
        name = f"constant_{len(self._tensors)}"
        self._tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node and return its (first) output."""
        name = f"{kind.lower()}_{len(self._nodes)}"
        names = [f"{name}_out", *(f"{name}_out_{i}" for i in range(1, outputs))]
        self._nodes.append(helper.make_node(kind, inputs, names, name, **attributes))
        return names[0]

    def conv(self, read: str, inputs: int, outputs: int, kernel: int = 1, **attributes: Any) -> str:
        """Add a convolution with a bias, padded so that it keeps the size."""
        weight = self._normal(outputs, inputs // attributes.get("group", 1), kernel, kernel)
        names = self.constant(weight), self.constant(self._random.normal(0, 0.3, outputs).astype(np.float32))
        return self.node("Conv", read, *names, kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4, **attributes)

    def squeeze_and_excite(self, read: str, channels: int, gate: str) -> str:
        """Add a gate for each channel, from the means of all."""
        squeezed = self.node("Relu", self.conv(self.node("GlobalAveragePool", read), channels, 4))
        excited = self.conv(squeezed, 4, channels)
        return self.node("Mul", read, self.node(gate, excited))

    def silu(self, read: str) -> str:
        """Add a number times its sigmoid."""
        return self.node("Mul", read, self.node("Sigmoid", read))

    def model(self, read: str, channels: int, opset: int = 14) -> onnx.ModelProto:
        """Return the model whose classifier reads the means of a tensor."""
        flat = self.node("Flatten", self.node("GlobalAveragePool", read))
        names = self.constant(self._normal(CLASSES, channels)), self.constant(np.zeros(CLASSES, np.float32))
        self.node("Gemm", flat, *names, transB=1)
        self._nodes[-1].output[0] = OUTPUT
        pixels = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", SIZE, SIZE, 4])
        logits = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", CLASSES])
        graph = helper.make_graph(self._nodes, "foreign", [pixels], [logits], self._tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _normal(self, *shape: int) -> npt.NDArray[np.float32]:
        return self._random.normal(0, np.prod(shape[1:]) ** -0.5, shape).astype(np.float32)


def mobile() -> onnx.ModelProto:
    """A MobileNetV3-like block: hard-swish, a depthwise convolution, a gate of HardSigmoid, a sum."""
    graph = Graph()
    first = graph.node("HardSwish", graph.conv(NORMALIZED, 4, 8, 3))
    wide = graph.node("HardSwish", graph.conv(first, 8, 16))
    deep = graph.node("HardSwish", graph.conv(wide, 16, 16, 3, group=16))
    gated = graph.squeeze_and_excite(deep, 16, "HardSigmoid")
    return graph.model(graph.node("Add", graph.conv(gated, 16, 8), first), 8)


def efficient() -> onnx.ModelProto:
    """An EfficientNet-like block: SiLU, a depthwise convolution, a gate of Sigmoid, a sum."""
    graph = Graph(1)
    first = graph.silu(graph.conv(NORMALIZED, 4, 8, 3))
    deep = graph.silu(graph.conv(first, 8, 8, 3, group=8))
    gated = graph.squeeze_and_excite(deep, 8, "Sigmoid")
    return graph.model(graph.node("Add", graph.conv(gated, 8, 8), first), 8)


def shuffled() -> onnx.ModelProto:
    """A ShuffleNet-like unit: halves, one of them convolved, joined again, and channels shuffled."""
    graph = Graph(2)
    first = graph.node("Relu", graph.conv(NORMALIZED, 4, 8, 3))
    left = graph.node("Split", first, outputs=2, axis=1)
    right = graph.node("Relu", graph.conv(left.replace("_out", "_out_1"), 4, 4, 3, group=4))
    joined = graph.node("Concat", left, right, axis=1)
    groups = graph.node("Reshape", joined, graph.constant(np.array([0, 2, 4, SIZE, SIZE])))
    turned = graph.node("Transpose", groups, perm=[0, 2, 1, 3, 4])
    shuffled = graph.node("Reshape", turned, graph.constant(np.array([0, 8, SIZE, SIZE])))
    return graph.model(graph.node("Relu", graph.conv(shuffled, 8, 8)), 8)


def old_swish() -> onnx.ModelProto:
    """Hard-swish as old exporters write it, GELU by Erf, and a hyperbolic tangent."""
    graph = Graph(3)
    read = graph.conv(NORMALIZED, 4, 8, 3)
    shifted = graph.node("Add", read, graph.constant(np.float32(3)))
    clipped = graph.node("Clip", shifted, graph.constant(np.float32(0)), graph.constant(np.float32(6)))
    swish = graph.node("Div", graph.node("Mul", read, clipped), graph.constant(np.float32(6)))
    read = graph.conv(swish, 8, 8)
    inner = graph.node("Erf", graph.node("Div", read, graph.constant(np.float32(np.sqrt(2)))))
    outer = graph.node("Mul", read, graph.node("Add", inner, graph.constant(np.float32(1))))
    gelu = graph.node("Mul", outer, graph.constant(np.float32(0.5)))
    return graph.model(graph.node("Tanh", graph.conv(gelu, 8, 8)), 8)


def pooled() -> onnx.ModelProto:
    """ReLU6, average pooling with and without padding, and a Clip behind a sum."""
    graph = Graph(4)
    limits = [graph.constant(np.float32(limit)) for limit in (0, 6)]
    first = graph.node("Clip", graph.conv(NORMALIZED, 4, 8, 3), *limits)
    halved = graph.node("AveragePool", first, kernel_shape=[2, 2], strides=[2, 2])
    padded = graph.node("AveragePool", halved, kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    added = graph.node("Clip", graph.node("Add", graph.conv(padded, 8, 8), padded), *limits)
    return graph.model(graph.conv(added, 8, 8), 8)


def chosen() -> onnx.ModelProto:
    """Mish, PReLU with a slope for each channel, SELU, the larger of two tensors, and the largest over the image."""
    graph = Graph(6)
    read = graph.conv(NORMALIZED, 4, 8, 3)
    mish = graph.node("Mul", read, graph.node("Tanh", graph.node("Softplus", read)))
    slopes = graph.constant(np.linspace(-0.5, 0.5, 8, dtype=np.float32).reshape(8, 1, 1))
    larger = graph.node("Max", mish, graph.node("PRelu", graph.conv(mish, 8, 8), slopes))
    selu = graph.node("Selu", graph.conv(larger, 8, 8))
    return graph.model(graph.node("MaxPool", graph.conv(selu, 8, 8), kernel_shape=[SIZE, SIZE]), 8)


def normed() -> onnx.ModelProto:
    """A LayerNormalization written out between convolutions, which stays float."""
    graph = Graph(5)
    read = graph.conv(NORMALIZED, 4, 8, 3)
    centred = graph.node("Sub", read, graph.node("ReduceMean", read, axes=[1], keepdims=1))
    square = graph.node("ReduceMean", graph.node("Mul", centred, centred), axes=[1], keepdims=1)
    deviation = graph.node("Sqrt", graph.node("Add", square, graph.constant(np.float32(1e-6))))
    return graph.model(graph.conv(graph.node("Div", centred, deviation), 8, 8), 8)


NETS = {
    "mobile": mobile,
    "efficient": efficient,
    "shuffled": shuffled,
    "old-swish": old_swish,
    "pooled": pooled,
    "chosen": chosen,
    "normed": normed,
}
"""By name."""
