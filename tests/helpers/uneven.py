"""Nets whose channels have very different ranges, as batchnorm and depthwise layers can leave them."""

import itertools

import numpy as np
import onnx
from onnx import numpy_helper


def uneven(model: onnx.ModelProto, spread: float = 3.0) -> onnx.ModelProto:
    """Return the same function, each convolution's channels divided by factors that the next one multiplies by.

    Factors from exp(-spread) to exp(spread); between the convolutions lie only ReLU and pooling.
    """
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    tensors = {tensor.name: tensor for tensor in changed.graph.initializer}
    convolutions = [node for node in changed.graph.node if node.op_type == "Conv"]
    random = np.random.RandomState(0)
    for first, second in itertools.pairwise(convolutions):
        factors = np.exp(random.uniform(-spread, spread, tensors[first.input[1]].dims[0])).astype(np.float32)
        for name, multiple in (
            (first.input[1], 1 / factors[:, None, None, None]),
            (first.input[2], 1 / factors),
            (second.input[1], factors[None, :, None, None]),
        ):
            tensors[name].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensors[name]) * multiple, name))
    return changed
