from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.evaluate import batch_logits
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.model import Model
from edge_cifar.export.calibration import CalibrationImages
from edge_cifar.export.quantize import quantize
from onnx import numpy_helper


@pytest.fixture(scope="module")
def quantized(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> onnx.ModelProto:
    return quantize(random_graph, CalibrationImages(synthetic, 100, seed=0))


def _initializers(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def test_weights_have_seven_bits_a_scale_for_each_channel_and_no_zero_point(quantized: onnx.ModelProto) -> None:
    tensors = _initializers(quantized)
    weights = {name: array for name, array in tensors.items() if array.dtype == np.int8 and array.ndim > 1}
    assert len(weights) == 7
    for name, weight in weights.items():
        assert 60 <= np.abs(weight.astype(int)).max() <= 64  # two such products fit 16 bits: 2 * 64 * 255 < 2**15
        base = name.removesuffix("_quantized")
        assert tensors[f"{base}_scale"].shape == (len(weight),)
        assert not tensors[f"{base}_zero_point"].any()


def test_activations_are_uint8(quantized: onnx.ModelProto) -> None:
    tensors = _initializers(quantized)
    quantizers = [node for node in quantized.graph.node if node.op_type == "QuantizeLinear"]
    assert quantizers
    assert {tensors[node.input[2]].dtype for node in quantizers} == {np.dtype(np.uint8)}


def test_pixels_are_not_quantized_again(quantized: onnx.ModelProto) -> None:
    tensors = _initializers(quantized)
    scaled = next(node for node in quantized.graph.node if node.input[0] == "transpose_0_out")
    assert scaled.op_type == "DequantizeLinear"
    assert (float(tensors[scaled.input[1]]), int(tensors[scaled.input[2]])) == (1 / 64, 128)
    readers = [node.op_type for node in quantized.graph.node if scaled.output[0] in node.input]
    assert readers == ["Conv"]


def test_logits_leave_as_float_and_close_to_the_float_model(
    tiny_fp32_model: Path, tiny_int8_model: Path, synthetic: LabelledImages
) -> None:
    exact = batch_logits(Model(tiny_fp32_model), synthetic)
    logits = batch_logits(Model(tiny_int8_model), synthetic)
    assert np.abs(logits - exact).max() < 0.1 * np.ptp(exact)
    assert len(np.unique(logits)) > 256


def test_quantizing_twice_gives_the_same_bytes(
    quantized: onnx.ModelProto, random_graph: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    again = quantize(random_graph, CalibrationImages(synthetic, 100, seed=0))
    assert again.SerializeToString(deterministic=True) == quantized.SerializeToString(deterministic=True)


def test_the_float_model_is_left_as_it_was(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    before = random_graph.SerializeToString(deterministic=True)
    quantize(random_graph, CalibrationImages(synthetic, 20, seed=0))
    assert random_graph.SerializeToString(deterministic=True) == before
