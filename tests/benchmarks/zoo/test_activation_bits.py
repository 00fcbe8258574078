import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from dark_and_light import dark_and_light
from edge_cifar.benchmarks.zoo.activation_bits import activation_bits, activations, compared, rounded, whole_ranges
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.export.graph.run_graph import run_logits, run_tensors


def test_every_tensor_between_layers_is_an_activation_but_the_pixels(random_graph: onnx.ModelProto) -> None:
    layers = [node for node in random_graph.graph.node if node.op_type in ("Conv", "Gemm")]
    assert len(activations(random_graph)) == len(layers) - 1
    assert layers[0].input[0] not in activations(random_graph)


def test_activations_lie_on_as_many_levels_as_the_bits_have(
    random_graph: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    images = synthetic.images[:20]
    ranges = whole_ranges(random_graph, activations(random_graph)[:1], images)
    name, (low, high) = next(iter(ranges.items()))
    assert low <= 0 < high

    [values] = next(run_tensors(rounded(random_graph, ranges, 2), [f"{name}_rounded"], images))
    assert len(np.unique(values)) == 4
    [exact] = next(run_tensors(random_graph, [name], images))
    assert np.abs(values - exact).max() <= (high - low) / 3 / 2 * 1.001


def test_more_bits_come_nearer_and_enough_of_them_change_nothing(
    random_graph: onnx.ModelProto, synthetic: LabelledImages
) -> None:
    images = synthetic.images[:50]
    ranges, exact = whole_ranges(random_graph, activations(random_graph), images), run_logits(random_graph, images)
    errors = [
        compared(exact, run_logits(rounded(random_graph, ranges, bits), images))["squared error"] for bits in (3, 5, 8)
    ]
    assert errors[0] > 4 * errors[1] > 16 * errors[2]
    assert compared(exact, run_logits(rounded(random_graph, ranges, 16), images))["same answers"] == 1


def test_it_takes_the_float_file_of_an_export_and_a_folder_of_photos(
    tiny_fp32_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    activation_bits(tiny_fp32_model, str(dark_and_light(tmp_path / "photos") / "train"), "8", calibration=10, judged=30)
    found = json.loads(capsys.readouterr().out)
    assert found["photos"] == 30
    assert found["bits"]["8"]["same answers"] > 0.5


def test_too_few_photos_are_refused(tiny_fp32_model: Path, tmp_path: Path) -> None:
    photos = str(dark_and_light(tmp_path / "photos") / "train")
    with pytest.raises(EdgeCifarError, match="none of them to calibrate on; judge fewer than --judged 1000"):
        activation_bits(tiny_fp32_model, photos, judged=1000)
