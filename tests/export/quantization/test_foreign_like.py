"""Quantizing what foreign nets contain: proven, close to float, and int8 where it can be."""

import functools
from collections import Counter

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.run_graph import optimized, run_logits
from edge_cifar.export.proof.int8_share import int8_share
from edge_cifar.export.proof.portability import Portability, portability
from edge_cifar.export.quantization.bias_correction import correct_biases
from edge_cifar.export.quantization.calibration import Range, activation_histograms, ranges
from edge_cifar.export.quantization.equalization import equalize
from edge_cifar.export.quantization.quantize import quantize
from foreign_like import CLASSES, NETS, SIZE

every_net = pytest.mark.parametrize("name", NETS)


@functools.cache
def images() -> LabelledImages:
    pixels = np.random.RandomState(0).randint(0, 256, (24, SIZE, SIZE, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    targets = np.arange(24) % CLASSES
    return LabelledImages(pixels, targets, tuple("abcde"), tuple(map(str, range(24))))


@functools.cache
def calibrated(name: str) -> tuple[onnx.ModelProto, dict[str, Range]]:
    model = NETS[name]()
    return model, ranges(activation_histograms(model, images()), "minmax")


@functools.cache
def quantized(name: str) -> onnx.ModelProto:
    return quantize(*calibrated(name))


def error(model: onnx.ModelProto, exact: np.ndarray) -> float:
    """Return the largest difference of logits, as a share of their range."""
    return float(np.abs(run_logits(model, images().images) - exact).max() / np.ptp(exact))


@every_net
def test_it_is_close_to_float_and_proven_as_far_as_can_be(name: str) -> None:
    model, _ = calibrated(name)
    assert portability(quantized(name)) is (Portability.ROUNDING if name == "normed" else Portability.PROVEN)
    assert error(quantized(name), run_logits(model, images().images)) < 0.05
    assert int8_share(quantized(name)) == 1
    assert int8_share(model) == 0
    assert int8_share(optimized(quantized(name))) == pytest.approx(1)


@every_net
def test_biases_can_be_corrected_and_channels_evened_out(name: str) -> None:
    model, found = calibrated(name)
    exact = run_logits(model, images().images)
    assert error(correct_biases(model, found, images()), exact) < 0.05
    assert error(equalize(model, images()), exact) < 1e-4


def kinds(name: str) -> Counter[str]:
    """Return the kinds of nodes that onnxruntime runs."""
    return Counter(node.op_type for node in optimized(quantized(name)).graph.node)


def test_integers_are_used_where_they_are_fast() -> None:
    assert kinds("efficient")["QLinearSigmoid"] == 3
    assert kinds("efficient")["QLinearMul"] == 3
    assert kinds("mobile")["QLinearMul"] == 1
    assert kinds("mobile")["DequantizeLinear"] == 4  # for three hard-swishes and a gate
    assert kinds("shuffled")["QLinearConcat"] == 1
    assert not kinds("shuffled")["DequantizeLinear"]
    assert kinds("pooled")["QLinearConv"] == 5
    assert not kinds("pooled")["AveragePool"]


def test_a_layer_kept_in_float_is_no_int8_work() -> None:
    model, found = calibrated("mobile")
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    partly = quantize(model, found, keep_float=convolutions[2:3])
    assert portability(partly) is Portability.ROUNDING
    assert 0.5 < int8_share(partly) < 1


def test_usual_files_of_such_nets_are_not_proven() -> None:
    assert portability(quantize(*calibrated("efficient"), portable=False)) is Portability.UNPROVEN
