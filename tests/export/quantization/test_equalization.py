import itertools

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.run_graph import run_logits, run_tensors
from edge_cifar.export.quantization.bias_correction import correct_biases
from edge_cifar.export.quantization.calibration import activation_histograms, ranges
from edge_cifar.export.quantization.equalization import equalize
from edge_cifar.export.quantization.quantize import quantize
from onnx import TensorProto, helper, numpy_helper
from uneven import uneven


@pytest.fixture(scope="module")
def uneven_graph(random_graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same function with channels of very different ranges, as batchnorm and depthwise layers can leave them."""
    return uneven(random_graph)


def _int8_error(model: onnx.ModelProto, images: LabelledImages) -> float:
    exact = run_logits(model, images.images)
    int8 = quantize(model, ranges(activation_histograms(model, images), "minmax"))
    return float(np.abs(run_logits(int8, images.images) - exact).mean())


def test_equalizing_changes_no_logit(uneven_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    before = run_logits(uneven_graph, synthetic.images)
    after = run_logits(equalize(uneven_graph, synthetic), synthetic.images)
    assert np.abs(after - before).max() < 1e-4


def test_equalizing_repairs_uneven_channels(
    uneven_graph: onnx.ModelProto, random_graph: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    harmed, repaired = (_int8_error(model, synthetic) for model in (uneven_graph, equalize(uneven_graph, synthetic)))
    assert harmed > 3 * _int8_error(random_graph, synthetic)
    assert repaired < harmed / 3


def test_bias_correction_brings_int8_logits_nearer_on_average(
    uneven_graph: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    chosen = ranges(activation_histograms(uneven_graph, synthetic), "minmax")
    exact = run_logits(uneven_graph, synthetic.images)
    plain = run_logits(quantize(uneven_graph, chosen), synthetic.images)
    corrected = quantize(correct_biases(uneven_graph, chosen, synthetic), chosen)
    moved = run_logits(corrected, synthetic.images)
    assert np.abs((moved - exact).mean(0)).max() < 0.5 * np.abs((plain - exact).mean(0)).max()


def test_a_weight_that_two_layers_share_is_left_alone(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    shared = onnx.ModelProto()
    shared.CopyFrom(random_graph)
    tensors = {tensor.name: tensor for tensor in shared.graph.initializer}
    convolutions = [node for node in shared.graph.node if node.op_type == "Conv"]
    alike = next(
        (first, second)
        for first, second in itertools.combinations(convolutions, 2)
        if tensors[first.input[2]].dims == tensors[second.input[2]].dims
    )
    alike[1].input[2] = alike[0].input[2]  # exporters write equal tensors once
    before = run_logits(shared, synthetic.images)
    equalized = equalize(shared, synthetic)
    assert np.abs(run_logits(equalized, synthetic.images) - before).max() < 1e-4
    assert equalized != shared  # the others are evened out


def test_convolutions_without_a_bias_are_evened_out_too(
    uneven_graph: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    bare = onnx.ModelProto()
    bare.CopyFrom(uneven_graph)
    for node in bare.graph.node:
        if node.op_type == "Conv":
            del node.input[2]
    before = run_logits(bare, synthetic.images)
    equalized = equalize(bare, synthetic)
    assert equalized != bare
    assert np.abs(run_logits(equalized, synthetic.images) - before).max() < 1e-4
    found = ranges(activation_histograms(bare, synthetic), "minmax")
    assert correct_biases(bare, found, synthetic) is not None


@pytest.fixture
def bounded() -> onnx.ModelProto:
    """A convolution of uneven channels, a ReLU6 that the last of them reaches, and a depthwise convolution."""
    weight = np.zeros((4, 4, 1, 1), np.float32)
    weight[np.arange(4), [0, 1, 2, 2], 0, 0] = 0.01, 0.1, 1, 40
    nodes = [
        helper.make_node("Transpose", ["image"], ["bytes"], "transpose", perm=[0, 3, 1, 2]),
        helper.make_node("DequantizeLinear", ["bytes", "pixel_scale", "pixel_zero_point"], ["normalized"], "pixels"),
        helper.make_node("Conv", ["normalized", "weight", "bias"], ["first"], "conv"),
        helper.make_node("Clip", ["first", "low", "high"], ["clipped"], "relu6"),
        helper.make_node("Conv", ["clipped", "kernel", "offset"], ["second"], "depthwise", group=4),
        helper.make_node("GlobalAveragePool", ["second"], ["pooled"], "pool"),
        helper.make_node("Flatten", ["pooled"], ["logits"], "flatten"),
    ]
    constants = {
        "pixel_scale": np.float32(1 / 255),
        "pixel_zero_point": np.uint8(0),
        "weight": weight,
        "kernel": np.ones((4, 1, 1, 1), np.float32),
        "bias": np.zeros(4, np.float32),
        "offset": np.zeros(4, np.float32),
        "low": np.float32(0),
        "high": np.float32(6),
    }
    graph = helper.make_graph(
        nodes,
        "bounded",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 32, 32, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 4])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def test_channels_in_front_of_a_relu6_only_grow_and_not_up_to_its_bound(
    bounded: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    before, equalized = run_logits(bounded, synthetic.images), equalize(bounded, synthetic)
    [weight] = [numpy_helper.to_array(each) for each in equalized.graph.initializer if each.name == "weight"]
    [original] = [numpy_helper.to_array(each) for each in bounded.graph.initializer if each.name == "weight"]
    grown = (weight.sum(axis=(1, 2, 3)) / original.sum(axis=(1, 2, 3))).tolist()
    assert grown[0] > grown[1] > grown[2] > 1
    assert grown[3] == 1  # reaches the bound already
    [clipped] = next(run_tensors(equalized, ["clipped"], synthetic.images))
    assert 6 / 1.5 < clipped[:, :3].max() < 6
    assert np.abs(run_logits(equalized, synthetic.images) - before).max() < 1e-4
