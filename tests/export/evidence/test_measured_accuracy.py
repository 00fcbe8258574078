import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.stats.accuracy import Flip
from edge_cifar.edge.stats.confidence import calibration_error
from edge_cifar.edge.stats.significance import wilson_interval
from edge_cifar.export.evidence.flipped_images import flip_sheet
from edge_cifar.export.evidence.measured_accuracy import (
    References,
    SplitLogits,
    allowed_difference,
    file_logits,
    measure,
    require_finite,
    require_parity,
    torch_logits,
)
from PIL import Image

LABELS = ("a", "b", "c", "d")


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
    assert evidence.test.flips == ()
    assert (evidence.test.paired.broken, evidence.test.paired.fixed) == (0, 0)
    assert evidence.test.interval[0] < evidence.test.top1 < evidence.test.interval[1]


def test_flipped_images_are_named(tiny_fp32_model: Path, references: References, synthetic: LabelledImages) -> None:
    test = references.fp32.test.copy()
    test[3] = -test[3]
    changed = replace(references.fp32, test=test)
    evidence = measure(tiny_fp32_model, changed, synthetic, synthetic, references)
    [flipped] = evidence.test.flips
    assert (flipped.id, flipped.truth) == (synthetic.ids[3], synthetic.labels[synthetic.targets[3]])
    assert flipped.before == synthetic.labels[references.fp32.test[3].argmax()]
    assert flipped.after == synthetic.labels[test[3].argmax()]
    assert evidence.val.flips == ()


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


def test_what_is_said_of_a_file_that_was_not_kept() -> None:
    expected = np.array([[0.0, 10.0]], np.float32)
    with pytest.raises(ModelError) as refused:
        require_parity("a.onnx", expected + np.array([[0, 0.5]], np.float32), expected)
    assert str(refused.value) == (
        "a.onnx: logits differ from the trained net's by 0.5, more than 0.001; "
        "the file was not kept, please report this"
    )
    with pytest.raises(ModelError) as refused:
        require_finite("runs/a", np.array([[np.nan, np.inf]]))
    assert str(refused.value) == ("runs/a: the trained net gives NaN logits, so its training went astray; train again")


def test_the_allowed_difference_is_of_the_range_and_the_size() -> None:
    eps = 2.0**-23
    assert allowed_difference(np.array([[-1.0, 3.0]])) == 1e-4 * 4 + 32 * eps * 3
    assert allowed_difference(np.array([[-5.0, 3.0]])) == 1e-4 * 8 + 32 * eps * 5
    exact = np.zeros((1, 2), np.float32)
    require_parity("", exact, exact)  # nothing is no difference


def test_the_torch_net_runs_in_batches(synthetic: LabelledImages) -> None:
    sizes: list[int] = []

    class Sums(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            sizes.append(len(pixels))
            return pixels.flatten(1)[:, :3].float()

    images = synthetic.take(np.arange(300) % 200)
    assert np.array_equal(torch_logits(Sums(), images), images.images.reshape(300, -1)[:, :3])
    assert sizes == [256, 44]


def test_evidence_of_each_split(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    def images(targets: list[int]) -> LabelledImages:
        return replace(synthetic.take(np.arange(len(targets))), targets=np.array(targets), labels=LABELS)

    def logits(answers: list[int]) -> np.ndarray:
        return 4 * np.eye(len(LABELS), dtype=np.float32)[answers]

    val, test = images([0, 1, 2, 0]), images([0, 1, 1, 1, 2])  # nothing is a "d"
    own = SplitLogits(logits([0, 1, 2, 1]), logits([0, 1, 0, 3, 2]))
    fp32 = SplitLogits(logits([0, 1, 2, 0]), logits([0, 0, 1, 1, 2]))
    found = measure(tiny_int8_model, own, val, test, References(own.val + np.float32(0.5), fp32))
    assert (found.file, found.bytes) == (tiny_int8_model.name, tiny_int8_model.stat().st_size)
    assert (found.portability, found.doubts) == ("same bits on every CPU", ())
    assert found.largest_logit_difference == 0.5
    assert (found.few_images, found.at_bound) == (True, False)
    assert (found.val.n, found.val.top1, found.val.same_answers) == (4, 0.75, 0.75)
    assert (found.val.worst_class, found.val.recalls[found.val.worst_class]) == ("a", 0.5)
    assert (found.test.n, found.test.top1, found.test.same_answers) == (5, 0.6, 0.4)
    assert (found.test.worst_class, found.test.recalls[found.test.worst_class]) == ("b", 1 / 3)
    assert found.test.interval == wilson_interval(3, 5)
    assert (found.test.paired.broken, found.test.paired.fixed) == (2, 1)
    assert found.test.flips == (
        Flip(test.ids[1], "b", "a", "b"),
        Flip(test.ids[2], "b", "b", "a"),
        Flip(test.ids[3], "b", "b", "d"),
    )
    assert found.labels == LABELS
    assert found.confusion == ((1, 0, 0, 0), (1, 1, 0, 1), (0, 0, 1, 0), (0, 0, 0, 0))
    assert found.coverage.n == 5
    [reliability] = found.reliability
    assert (reliability.n, reliability.accuracy) == (5, 0.6)
    assert found.calibration_error == (
        calibration_error(own.test, test.targets, 1.0),
        calibration_error(own.test, test.targets, found.temperature),
    )
    enough = images([0, 1] * 50)
    many = logits([0, 1] * 50)
    assert not measure(
        tiny_int8_model, SplitLogits(many, many), enough, enough, References(many, SplitLogits(many, many))
    ).few_images
