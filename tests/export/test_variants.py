from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.calibration import Range
from edge_cifar.export.model_file import is_integer
from edge_cifar.export.quantize import quantize
from edge_cifar.export.run_model import run_logits
from edge_cifar.export.variants import VARIANTS


@pytest.mark.parametrize(
    ("name", "smaller_than"), [("qoperator", 0.3), ("fp16", 0.55), ("dynamic", 0.4), ("weight-only", 0.3)]
)
def test_every_variant_runs_is_smaller_and_stays_close(
    name: str,
    smaller_than: float,
    random_graph: onnx.ModelProto,
    activation_ranges: Mapping[str, Range],
    synthetic: LabelledImages,
) -> None:
    variant = VARIANTS[name](random_graph, activation_ranges)
    exact = run_logits(random_graph, synthetic.images)
    assert np.abs(run_logits(variant, synthetic.images) - exact).mean() < 0.03 * np.ptp(exact)
    assert len(variant.SerializeToString()) < smaller_than * len(random_graph.SerializeToString())


def test_only_integer_files_promise_equal_bits(
    random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range], quantized_graph: onnx.ModelProto
) -> None:
    promises = {name: is_integer(make(random_graph, activation_ranges)) for name, make in VARIANTS.items()}
    assert promises == {"qoperator": True, "fp16": False, "dynamic": False, "weight-only": False}
    assert is_integer(quantized_graph)
    assert not is_integer(random_graph)
    assert not is_integer(quantize(random_graph, activation_ranges, keep_float=["conv_9"]))
