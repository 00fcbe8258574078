"""Average pooling as a convolution of equal weights, whose sums are whole numbers on every CPU.

onnxruntime adds what it pools in float (contrib_ops/cpu/quantization/qlinear_pool.cc), in an order that is each
kernel's own.
"""

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..graph.graph_view import attributes

WEIGHT_STEPS = 64  # of each weight: the most that two neighbours can have (`proof.saturation`)
KEPT = ("kernel_shape", "strides", "pads", "dilations", "auto_pad")


def average_pools(model: onnx.ModelProto) -> list[str]:
    """Return the names of the nodes whose means all count alike: padding is part of them, or there is none."""
    return [node.name for node in model.graph.node if node.op_type == "AveragePool" and _is_even(attributes(node))]


def as_convolutions(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a float model whose `average_pools` are depthwise convolutions, each by the name that it had."""
    names = average_pools(model)
    if not names:
        return model
    channels = _channels(model)
    replaced = onnx.ModelProto()
    replaced.CopyFrom(model)
    for node in [node for node in replaced.graph.node if node.name in names and node.input[0] in channels]:
        kept = {key: value for key, value in attributes(node).items() if key in KEPT}
        count, kernel = channels[node.input[0]], kept["kernel_shape"]
        weight = np.full((count, 1, *kernel), 1 / np.prod(kernel), np.float32)
        replaced.graph.initializer.append(numpy_helper.from_array(weight, mean_weight(node.name)))
        inputs = [node.input[0], mean_weight(node.name)]
        node.CopyFrom(helper.make_node("Conv", inputs, list(node.output), node.name, group=count, **kept))
    return replaced


def mean_overrides(model: onnx.ModelProto) -> dict[str, list[dict[str, Any]]]:
    """Return the scales of the weights that `as_convolutions` adds: they are whole numbers of steps."""
    overrides = {}
    for node in model.graph.node:
        name = mean_weight(node.name)
        weight = next((tensor for tensor in model.graph.initializer if tensor.name == name), None)
        if weight is not None and node.op_type == "Conv":
            array = numpy_helper.to_array(weight)
            entry = {"axis": 0, "scale": array.flat[0] / np.float32(WEIGHT_STEPS), "zero_point": np.array(0, np.int8)}
            overrides[name] = [entry] * len(array)
    return overrides


def mean_weight(node: str) -> str:
    """Return what the weight of a node is called that was a mean."""
    return f"{node}_mean"


def _is_even(options: dict[str, Any]) -> bool:
    padded = any(options.get("pads", ())) or options.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID")
    return not options.get("ceil_mode") and (not padded or bool(options.get("count_include_pad")))


def _channels(model: onnx.ModelProto) -> dict[str, int]:
    """Return the channels of each tensor (N, C, H, W), as far as they are known."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    shapes = {value.name: value.type.tensor_type.shape.dim for value in (*inferred.value_info, *inferred.input)}
    return {name: shape[1].dim_value for name, shape in shapes.items() if len(shape) == 4 and shape[1].dim_value}
