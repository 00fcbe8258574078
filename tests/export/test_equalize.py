import itertools

import numpy as np
import onnx
import pytest
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.bias_correction import correct_biases
from edge_cifar.export.calibration import activation_histograms, ranges
from edge_cifar.export.equalize import equalize
from edge_cifar.export.quantize import quantize
from edge_cifar.export.run_model import run_logits
from onnx import numpy_helper


@pytest.fixture(scope="module")
def uneven_graph(random_graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same function with channels of very different ranges, as batchnorm and depthwise layers can leave them."""
    model = onnx.ModelProto()
    model.CopyFrom(random_graph)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    random = np.random.RandomState(0)
    for first, second in itertools.pairwise(convolutions):
        factors = np.exp(random.uniform(-3, 3, tensors[first.input[1]].dims[0])).astype(np.float32)
        for name, spread in (
            (first.input[1], 1 / factors[:, None, None, None]),
            (first.input[2], 1 / factors),
            (second.input[1], factors[None, :, None, None]),
        ):
            tensors[name].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensors[name]) * spread, name))
    return model


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
