"""What export prints of other CPUs: the claim, what it means, and why no more is proven."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.evidence.export_json import MOST_DOUBTS, evidence_summary
from edge_cifar.export.evidence.measured_accuracy import Evidence, References, SplitLogits, measure
from edge_cifar.export.evidence.text_tables import portability_line


@pytest.fixture
def float_file(tiny_fp32_model: Path, synthetic: LabelledImages) -> Evidence:
    logits = np.random.RandomState(0).normal(size=(len(synthetic), 10)).astype(np.float32)
    both = SplitLogits(logits, logits)
    return measure(tiny_fp32_model, both, synthetic, synthetic, References(logits, both))


def test_the_first_reasons_are_told_and_the_others_counted(float_file: Evidence) -> None:
    line = portability_line(float_file)
    assert line.startswith("model.fp32.onnx on other CPUs: within rounding (float layers): its float layers add in ")
    first, more = "conv_2: float sums; conv_4: float sums; conv_7: float sums", len(float_file.doubts) - 3
    assert line.endswith(f"; not proven since {first}; and {more} more")


def test_a_file_that_is_partly_int8_says_how_much_of_it(float_file: Evidence) -> None:
    line = portability_line(replace(float_file, int8_share=0.96))
    assert "within rounding (float layers), 96.0% of its multiplications are int8: its float" in line


def test_what_is_proven_has_no_reasons_and_few_are_all_told(float_file: Evidence) -> None:
    proven = replace(float_file, portability="same bits on every CPU", doubts=())
    assert portability_line(proven) == "model.fp32.onnx on other CPUs: same bits on every CPU"
    few = replace(float_file, doubts=("a: rounds", "b: rounds", "c: rounds"))
    assert portability_line(few).endswith("; not proven since a: rounds; b: rounds; c: rounds")


def test_the_summary_lists_a_bounded_number_of_reasons(float_file: Evidence) -> None:
    summary = evidence_summary(float_file)
    assert (tuple(summary["doubts"]), summary["doubts_left_out"]) == (float_file.doubts, 0)
    many = tuple(f"conv_{i}: float sums" for i in range(MOST_DOUBTS + 7))
    summary = evidence_summary(replace(float_file, doubts=many))
    assert (tuple(summary["doubts"]), summary["doubts_left_out"]) == (many[:MOST_DOUBTS], 7)
