from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.inference.on_dataset import batch_logits
from edge_cifar.edge.model.contract import Model
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.quantization.calibration import Range, activation_histograms, ranges
from edge_cifar.export.quantization.quantize import quantize, require_portable
from edge_cifar.train.nets.layers import BatchNorm, Classify, Conv, Flatten, MaxPool, Relu
from edge_cifar.train.nets.torch_modules import build_net
from onnx import numpy_helper


def _initializers(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def test_weights_are_int8_with_a_scale_for_each_channel_and_no_zero_point(quantized_graph: onnx.ModelProto) -> None:
    tensors = _initializers(quantized_graph)
    weights = {name: array for name, array in tensors.items() if array.dtype == np.int8 and array.ndim > 1}
    assert len(weights) == 7
    for name, weight in weights.items():
        assert np.abs(weight.astype(int)).max() >= 64  # at least 7 bits
        base = name.removesuffix("_quantized")
        assert tensors[f"{base}_scale"].shape == (len(weight),)
        assert not tensors[f"{base}_zero_point"].any()


def test_activations_are_uint8(quantized_graph: onnx.ModelProto) -> None:
    tensors = _initializers(quantized_graph)
    quantizers = [node for node in quantized_graph.graph.node if node.op_type == "QuantizeLinear"]
    assert quantizers
    assert {tensors[node.input[2]].dtype for node in quantizers} == {np.dtype(np.uint8)}


def test_pixels_are_not_quantized_again(quantized_graph: onnx.ModelProto) -> None:
    tensors = _initializers(quantized_graph)
    scaled = next(node for node in quantized_graph.graph.node if node.input[0] == "transpose_0_out")
    assert scaled.op_type == "DequantizeLinear"
    assert (float(tensors[scaled.input[1]]), int(tensors[scaled.input[2]])) == (1 / 64, 128)
    readers = [node.op_type for node in quantized_graph.graph.node if scaled.output[0] in node.input]
    assert readers == ["Conv"]


def test_logits_leave_as_float_and_close_to_the_float_model(
    tiny_fp32_model: Path, tiny_int8_model: Path, synthetic: LabelledImages
) -> None:
    exact = batch_logits(Model(tiny_fp32_model), synthetic)
    logits = batch_logits(Model(tiny_int8_model), synthetic)
    assert np.abs(logits - exact).max() < 0.1 * np.ptp(exact)
    assert len(np.unique(logits)) > 256


def test_quantizing_twice_gives_the_same_bytes_and_leaves_the_float_model_alone(
    quantized_graph: onnx.ModelProto, random_graph: onnx.ModelProto, activation_ranges: dict[str, Range]
) -> None:
    before = random_graph.SerializeToString(deterministic=True)
    again = quantize(random_graph, activation_ranges)
    assert again.SerializeToString(deterministic=True) == quantized_graph.SerializeToString(deterministic=True)
    assert random_graph.SerializeToString(deterministic=True) == before


def test_layers_can_stay_in_float(random_graph: onnx.ModelProto, activation_ranges: dict[str, Range]) -> None:
    model = quantize(random_graph, activation_ranges, keep_float=["conv_4"])
    weights = {node.name: node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    tensors = _initializers(model)
    assert tensors[weights["conv_4"]].dtype == np.float32
    assert sum(name in tensors for name in weights.values()) == 1


def test_a_model_that_could_saturate_is_refused(quantized_graph: onnx.ModelProto) -> None:
    wrong = onnx.ModelProto()
    wrong.CopyFrom(quantized_graph)
    tensor = next(tensor for tensor in wrong.graph.initializer if tensor.name == "layer_4_weight_quantized")
    weight = numpy_helper.to_array(tensor).copy()
    weight[5, :2, 1, 1] = 100  # two neighbours in one channel
    tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
    with pytest.raises(ModelError, match="layer_4_weight_quantized: neighbouring weights sum to 200"):
        require_portable(wrong)


def test_onnxruntime_computes_layers_that_stay_in_float_in_float(
    tmp_path: Path, random_graph: onnx.ModelProto, activation_ranges: dict[str, Range]
) -> None:
    def float_convolutions(model: onnx.ModelProto) -> int:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
        options.log_severity_level = 4
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
        return sum(node.op_type in ("Conv", "FusedConv") for node in nodes)

    assert float_convolutions(quantize(random_graph, activation_ranges)) == 0
    assert float_convolutions(quantize(random_graph, activation_ranges, keep_float=["conv_2", "conv_7"])) == 2


@pytest.mark.parametrize("gamma", [1e-4, 1e-9, 1e-20, 0.0])
def test_channels_whose_weights_are_next_to_nothing_keep_their_bias(synthetic: LabelledImages, gamma: float) -> None:
    layers = (Conv(16), BatchNorm(), Relu(), MaxPool(), Conv(16), Relu(), *(MaxPool(),) * 2, Flatten(), Classify())
    torch.manual_seed(0)
    net = build_net(layers).eval()
    norm = net[2]
    assert isinstance(norm, torch.nn.BatchNorm2d)
    with torch.no_grad():
        norm.weight[:4], norm.bias[:4] = gamma, 2.0  # as weight decay leaves dead channels
    model = build_graph(layers, net, 32)
    images = synthetic.take(np.arange(40))
    quantized = quantize(model, ranges(activation_histograms(model, images), "minmax"))
    exact = run_logits(model, images.images)
    assert np.abs(run_logits(quantized, images.images) - exact).max() < 0.02 * np.ptp(exact)
    biases = [array for array in _initializers(quantized).values() if array.dtype == np.int32 and array.size > 1]
    assert biases
    assert max(np.abs(bias.astype(np.int64)).max() for bias in biases) <= 2**30
