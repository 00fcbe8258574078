import itertools

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.quantization.bias_correction import correct_biases
from edge_cifar.export.quantization.calibration import activation_histograms, ranges
from edge_cifar.export.quantization.equalization import equalize
from edge_cifar.export.quantization.quantize import quantize
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
