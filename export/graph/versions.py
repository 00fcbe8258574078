"""What graphs by the model contract have in common: what they ask of a runtime, and how they begin."""

from collections import Counter

import onnx
from onnx import helper

from ...edge.errors import ModelError

OPSET = 13  # the first with per-channel DequantizeLinear, onnxruntime 1.8
LAST_OPSET = 17  # IR 8, onnxruntime 1.12
IR_VERSION = 7  # that of opset 13
NORMALIZED = "normalized"  # tensor: float (N, 4, H, W), what the first convolution sees


def with_lowest_opset(graph: onnx.GraphProto) -> onnx.ModelProto:
    """Return a model of the lowest operator set that has all nodes of a graph. Raises ModelError if none has."""
    kinds = Counter(node.op_type for node in graph.node if node.domain not in ("", "ai.onnx"))
    if kinds:
        raise ModelError(f"no standard operators: {', '.join(sorted(kinds))}")
    for opset in range(OPSET, LAST_OPSET + 1):
        imports = [helper.make_opsetid("", opset)]
        ir_version = helper.find_min_ir_version_for(imports)
        model = helper.make_model(graph, producer_name="edge-cifar", opset_imports=imports, ir_version=ir_version)
        try:
            onnx.checker.check_model(model, full_check=True)
        except Exception as error:  # checker's and shape inference's have no common ancestor
            reason = error
        else:
            return model
    raise ModelError(f"no operator set up to {LAST_OPSET} has all its operators: {reason}")
