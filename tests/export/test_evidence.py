import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.evidence import References, file_logits, measure, require_finite, require_parity, torch_logits
from edge_cifar.export.flips import flip_sheet
from PIL import Image


@pytest.fixture(scope="module")
def references(tiny_fp32_model: Path, random_net: torch.nn.Sequential, synthetic: LabelledImages) -> References:
    logits = file_logits(tiny_fp32_model, synthetic, synthetic)
    return References(torch_logits(random_net, synthetic), logits)


def test_the_fp32_file_passes_parity(references: References) -> None:
    require_parity("model", references.fp32.val, references.torch_val)


@pytest.mark.parametrize(("wrong", "told"), [(1.0, "by 1, more than"), (float("nan"), "by being no numbers")])
def test_a_file_that_computes_something_else_fails_parity(references: References, wrong: float, told: str) -> None:
    with pytest.raises(ModelError, match=f"logits differ from the trained net's {told}"):
        require_parity("model", references.fp32.val + np.float32(wrong), references.torch_val)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 3000.0])
def test_parity_goes_with_the_range_of_the_logits(scale: float) -> None:
    expected = np.linspace(-10 * scale, 10 * scale, 60, dtype=np.float32).reshape(6, 10)
    require_parity("model", expected + np.float32(1e-3 * scale), expected)
    with pytest.raises(ModelError, match=r"more than"):
        require_parity("model", expected + np.float32(5e-3 * scale), expected)


def test_logits_far_from_0_have_the_rounding_of_their_size_and_no_more() -> None:
    expected = np.linspace(1e6, 1e6 + 1, 60).astype(np.float32).reshape(6, 10)
    require_parity("model", expected + np.float32(0.5), expected)  # eight steps of float32 there
    with pytest.raises(ModelError, match="more than"):
        require_parity("model", expected + np.float32(10), expected)


@pytest.mark.parametrize(("value", "named"), [(np.nan, "NaN"), (np.inf, "infinite")])
def test_a_net_that_went_astray_is_called_so(value: float, named: str) -> None:
    logits = np.zeros((3, 4), np.float32)
    require_finite("runs/a", logits)
    logits[1, 2] = value
    with pytest.raises(ModelError, match=f"runs/a: the trained net gives {named} logits"):
        require_finite("runs/a", logits)


def test_a_file_against_itself_flips_nothing(
    tiny_fp32_model: Path, references: References, synthetic: LabelledImages
) -> None:
    evidence = measure(tiny_fp32_model, references.fp32, synthetic, synthetic, references)
    assert evidence.largest_logit_difference < 1e-4
    assert evidence.test.same_answers == 1
    assert evidence.test.flipped == ()
    assert (evidence.test.against_fp32.broken, evidence.test.against_fp32.fixed) == (0, 0)
    assert evidence.test.interval[0] < evidence.test.top1 < evidence.test.interval[1]


def test_flipped_images_are_named(tiny_fp32_model: Path, references: References, synthetic: LabelledImages) -> None:
    test = references.fp32.test.copy()
    test[3] = -test[3]
    changed = replace(references.fp32, test=test)
    evidence = measure(tiny_fp32_model, changed, synthetic, synthetic, references)
    [flipped] = evidence.test.flipped
    assert (flipped.id, flipped.truth) == (synthetic.ids[3], synthetic.labels[synthetic.targets[3]])
    assert flipped.fp32 == synthetic.labels[references.fp32.test[3].argmax()]
    assert flipped.answer == synthetic.labels[test[3].argmax()]
    assert evidence.val.flipped == ()


def test_the_confusion_and_the_reliability_count_every_test_image(
    tiny_fp32_model: Path, references: References, synthetic: LabelledImages
) -> None:
    evidence = measure(tiny_fp32_model, references.fp32, synthetic, synthetic, references)
    assert evidence.labels == synthetic.labels
    assert [sum(row) for row in evidence.confusion] == [20] * 10
    assert sum(evidence.confusion[i][i] for i in range(10)) == round(evidence.test.top1 * 200)
    assert sum(each.n for each in evidence.reliability) == 200


@pytest.mark.parametrize("flips", [0, 1, 100])
def test_the_sheet_shows_what_flipped(synthetic: LabelledImages, flips: int) -> None:
    answers = synthetic.targets.copy()
    answers[:flips] = (answers[:flips] + 1) % 10
    with Image.open(io.BytesIO(flip_sheet(synthetic, synthetic.targets, answers))) as sheet:
        sheet.load()
        assert sheet.getpixel((48, 48)) != (255, 255, 255) or flips == 0
