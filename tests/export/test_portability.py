from collections.abc import Mapping

import onnx
from edge_cifar.export.calibration import Range
from edge_cifar.export.portability import Portability, doubts, is_integer, portability
from edge_cifar.export.quantize import quantize
from edge_cifar.export.variants import qoperator
from onnx import numpy_helper


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
