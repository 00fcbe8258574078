from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.proof.portability import Portability, portability
from edge_cifar.export.quantization.calibration import Range
from edge_cifar.export.quantization.variants import VARIANTS


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


def test_of_the_variants_only_integers_promise_equal_bits(
    random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range]
) -> None:
    promises = {name: portability(make(random_graph, activation_ranges)) for name, make in VARIANTS.items()}
    proven, rounding = Portability.PROVEN, Portability.ROUNDING
    assert promises == {"qoperator": proven, "fp16": rounding, "dynamic": rounding, "weight-only": rounding}
