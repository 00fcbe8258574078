import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.evidence import References, file_logits, measure, require_parity, torch_logits
from edge_cifar.export.flips import flip_sheet
from PIL import Image


@pytest.fixture(scope="module")
def references(tiny_fp32_model: Path, random_net: torch.nn.Sequential, synthetic: LabelledImages) -> References:
    logits = file_logits(tiny_fp32_model, synthetic, synthetic)
    return References(torch_logits(random_net, synthetic), logits)


def test_the_fp32_file_passes_parity(references: References) -> None:
    require_parity("model", references.fp32.val, references.torch_val)


@pytest.mark.parametrize("wrong", [1.0, float("nan")])
def test_a_file_that_computes_something_else_fails_parity(references: References, wrong: float) -> None:
    with pytest.raises(ModelError, match="logits differ"):
        require_parity("model", references.fp32.val + np.float32(wrong), references.torch_val)


def test_a_file_against_itself_flips_nothing(
    tiny_fp32_model: Path, references: References, synthetic: LabelledImages
) -> None:
    evidence = measure(tiny_fp32_model, references.fp32, synthetic, synthetic, references)
    assert evidence.largest_logit_difference < 1e-4
    assert evidence.test.same_answers == 1
    assert evidence.test.flipped == ()
    assert (evidence.test.against_fp32.broken, evidence.test.against_fp32.fixed) == (0, 0)
    assert evidence.test.interval[0] < evidence.test.top1 < evidence.test.interval[1]
    assert evidence.calibration_error[1] <= evidence.calibration_error[0] + 1e-9  # fitted on the same images


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
