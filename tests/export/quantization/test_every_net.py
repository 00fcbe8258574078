"""All that quantizing needs, for each net that can be trained: unpadded and 4x4 convolutions, dense layers, ELU."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.golden_logits import verify_model
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.pipeline.model_file import write_model
from edge_cifar.export.proof.portability import Portability, portability
from edge_cifar.export.quantization.bias_correction import correct_biases
from edge_cifar.export.quantization.calibration import METHODS, Range, activation_histograms, ranges
from edge_cifar.export.quantization.equalization import equalize
from edge_cifar.export.quantization.fine_tune import fine_tune
from edge_cifar.export.quantization.quantize import quantize
from edge_cifar.train.nets.backbones import BACKBONES
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import BatchNorm, Conv, Depthwise, Elu
from edge_cifar.train.nets.torch_modules import build_net
from miniatures import MINIATURES

LAYERS = {name: layers for name, layers in NETS.items() if name not in BACKBONES} | MINIATURES
every_net = pytest.mark.parametrize("name", LAYERS)
every_kind_of_layer = pytest.mark.parametrize(
    "name", ["depthwise", "resnet8", "large", "wide-kernel", "plain-128", "batchnorm-elu", *MINIATURES]
)


@pytest.fixture(scope="module")
def images(synthetic: LabelledImages) -> LabelledImages:
    return synthetic.take(np.arange(0, 200, 10))


def random_model(name: str) -> tuple[torch.nn.Sequential, onnx.ModelProto]:
    """Return a net with random weights and its float model."""
    torch.manual_seed(0)
    net = build_net(LAYERS[name]).eval()
    return net, build_graph(LAYERS[name], net, 32)


def minmax_ranges(model: onnx.ModelProto, images: LabelledImages) -> dict[str, Range]:
    return ranges(activation_histograms(model, images), "minmax")


def error(model: onnx.ModelProto, exact: np.ndarray, images: LabelledImages) -> float:
    """Return the largest difference of logits, as a share of their range."""
    return float(np.abs(run_logits(model, images.images) - exact).max() / np.ptp(exact))


def has_float_layers(name: str) -> bool:
    """Return whether a net has layers that stay in float: ELU, batchnorms that no convolution takes in."""
    layers = LAYERS[name]
    alone = (after for before, after in pairwise(layers) if not isinstance(before, Conv | Depthwise))
    return any(isinstance(layer, Elu) for layer in layers) or any(isinstance(layer, BatchNorm) for layer in alone)


@every_net
def test_the_int8_file_is_proven_runs_and_verifies(
    name: str, images: LabelledImages, card: ModelCard, tmp_path: Path
) -> None:
    _, model = random_model(name)
    histograms = activation_histograms(model, images)
    assert all(low <= high for method in METHODS for low, high in ranges(histograms, method).values())
    quantized = quantize(model, ranges(histograms, "minmax"))
    assert portability(quantized) is (Portability.ROUNDING if has_float_layers(name) else Portability.PROVEN)
    assert error(quantized, run_logits(model, images.images), images) < 0.05
    write_model(tmp_path / "int8.onnx", quantized, card)
    assert verify_model(tmp_path / "int8.onnx").passed
    logits = Model(tmp_path / "int8.onnx").logits(images.images)
    assert np.array_equal(logits, run_logits(quantized, images.images))


@every_kind_of_layer
def test_equalizing_changes_no_logit(name: str, images: LabelledImages) -> None:
    _, model = random_model(name)
    exact = run_logits(model, images.images)
    assert error(equalize(model, images), exact, images) < 1e-4


@every_kind_of_layer
def test_biases_can_be_corrected(name: str, images: LabelledImages) -> None:
    _, model = random_model(name)
    found = minmax_ranges(model, images)
    exact = run_logits(model, images.images)
    corrected = quantize(correct_biases(model, found, images), found)
    shift = (run_logits(corrected, images.images) - exact).mean(axis=0)
    assert np.abs(shift).max() < 0.005 * np.ptp(exact)


@every_kind_of_layer
def test_fine_tuning_learns_and_leaves_the_net_alone(name: str, images: LabelledImages) -> None:
    net, model = random_model(name)
    coarse = {tensor: (low, high * 12) for tensor, (low, high) in minmax_ranges(model, images).items()}
    exact = run_logits(model, images.images)
    tuned = fine_tune(LAYERS[name], net, model, coarse, images, epochs=1)
    assert error(tuned, exact, images) < 0.5
    assert run_logits(tuned, images.images).shape == exact.shape
    assert error(build_graph(LAYERS[name], net, 32), exact, images) == 0
