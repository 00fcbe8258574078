from collections.abc import Mapping

import numpy as np
import onnx
from edge_cifar.export.proof.portability import Portability, doubts, is_integer, portability
from edge_cifar.export.quantization.calibration import Range
from edge_cifar.export.quantization.quantize import quantize
from edge_cifar.export.quantization.variants import qoperator
from onnx import TensorProto, helper, numpy_helper


def test_integers_with_the_proof_are_the_same_everywhere(quantized_graph: onnx.ModelProto) -> None:
    assert portability(quantized_graph) == "same bits on every CPU"
    assert doubts(quantized_graph) == []


def test_float_layers_are_the_same_within_rounding(
    random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range]
) -> None:
    assert portability(random_graph) is Portability.ROUNDING
    partly = quantize(random_graph, activation_ranges, keep_float=["conv_9"])
    assert portability(partly) is Portability.ROUNDING
    assert not is_integer(partly)
    assert any(doubt.startswith("conv_9: float sums") for doubt in doubts(partly))


def test_weights_over_the_full_range_are_unproven(
    random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range]
) -> None:
    model = quantize(random_graph, activation_ranges, portable=False)
    assert portability(model) == "NOT PORTABLE (16-bit sums may overflow)"
    assert is_integer(model)  # so its golden logits are to be met to the bit, and verify tells where they are not
    assert any("may leave 16 bits" in doubt for doubt in doubts(model))


def test_the_proof_reads_the_older_operators_too(
    random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range]
) -> None:
    model = qoperator(random_graph, activation_ranges)
    assert portability(model) is Portability.PROVEN
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "layer_4_weight_quantized")
    weight = numpy_helper.to_array(tensor).copy()
    weight[5, :2, 1, 1] = 100  # two neighbours in one channel
    tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
    assert portability(model) is Portability.UNPROVEN


def _graph(*kinds: str) -> onnx.ModelProto:
    """Functions of the input, one after the other; without any, a constant alone."""
    nodes = [
        helper.make_node(kind, [f"at_{i}"], [f"at_{i + 1}"], name)
        for i, (kind, _, name) in enumerate(map(_named, kinds))
    ]
    first, last = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("at_0", f"at_{len(kinds)}"))
    constants = [] if kinds else [numpy_helper.from_array(np.zeros(2, np.float32), "at_0")]
    graph = helper.make_graph(nodes, "graph", [first] if kinds else [], [last], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def _named(words: str) -> tuple[str, str, str]:
    return words.partition(" ")


def test_a_net_is_as_portable_as_its_worst_node() -> None:
    assert portability(_graph()) is Portability.PROVEN
    assert portability(_graph("Relu")) is Portability.PROVEN
    assert portability(_graph("Relu", "Tanh")) is Portability.ROUNDING
    assert is_integer(_graph("Relu"))
    assert not is_integer(_graph("Relu", "Tanh"))


def test_each_doubt_is_told_once_in_the_order_of_the_nodes() -> None:
    doubted = _graph("Tanh a", "Relu b", "Sigmoid c")
    assert doubts(doubted) == ["a: Tanh is computed in float", "c: Sigmoid is computed in float"]


def test_the_gravest_doubts_come_first(random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range]) -> None:
    told = doubts(quantize(random_graph, activation_ranges, keep_float=["conv_2"], portable=False))
    grave = ["may leave 16 bits" in doubt for doubt in told]
    assert grave == sorted(grave, reverse=True)
    assert any(doubt.startswith("conv_2: float sums") for doubt in told)
