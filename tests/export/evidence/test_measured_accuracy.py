import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.contract import Logits
from edge_cifar.edge.model.shipped_models import SHIPPED_DEFAULT
from edge_cifar.edge.stats.accuracy import Flip
from edge_cifar.edge.stats.confidence import (
    abstain_threshold,
    calibration_bins,
    calibration_error,
    coverage,
    fit_temperature,
)
from edge_cifar.edge.stats.significance import paired_test, wilson_interval
from edge_cifar.edge.stats.softmax import softmax
from edge_cifar.export.evidence.flipped_images import flip_sheet
from edge_cifar.export.evidence.measured_accuracy import (
    Evidence,
    References,
    SplitLogits,
    allowed_difference,
    file_logits,
    measure,
    require_finite,
    require_parity,
)
from edge_cifar.export.evidence.text_tables import confidence_line, evidence_lines
from edge_cifar.export.pipeline.torch_logits import torch_logits
from PIL import Image

LABELS = ("a", "b", "c", "d")


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


def test_evidence_of_each_split(synthetic: LabelledImages) -> None:
    def images(targets: list[int]) -> LabelledImages:
        return replace(synthetic.take(np.arange(len(targets))), targets=np.array(targets), labels=LABELS)

    def logits(answers: list[int]) -> np.ndarray:
        return 4 * np.eye(len(LABELS), dtype=np.float32)[answers]

    val, test = images([0, 1, 2, 0]), images([0, 1, 1, 1, 2])  # nothing is a "d"
    own = SplitLogits(logits([0, 1, 2, 1]), logits([0, 1, 0, 3, 2]))
    fp32 = SplitLogits(logits([0, 1, 2, 0]), logits([0, 0, 1, 1, 2]))
    found = measure(SHIPPED_DEFAULT, own, val, test, References(own.val + np.float32(0.5), fp32))
    assert (found.file, found.bytes) == (SHIPPED_DEFAULT.name, SHIPPED_DEFAULT.stat().st_size)
    assert found.portability == "same bits on every CPU"
    assert found.doubts == ()
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
    for val_logits, at_bound in ((many, False), (-100 * many, True)):  # of wrong ones no temperature makes enough doubt
        both = SplitLogits(val_logits, many)
        found = measure(SHIPPED_DEFAULT, both, enough, enough, References(many, both))
        assert (found.few_images, found.at_bound) == (False, at_bound)


def split(synthetic: LabelledImages, n: int, scale: float, seed: int) -> tuple[Logits, LabelledImages]:
    """Images and the logits of a net whose confidence is true after division by `scale`."""
    random = np.random.RandomState(seed)
    logits = random.normal(size=(n, 10))
    logits[np.arange(n), random.randint(10, size=n)] += random.normal(5, 2, n)
    targets = np.minimum((softmax(logits).cumsum(1) < random.uniform(size=(n, 1))).sum(1), 9).astype(np.int64)
    images = replace(synthetic.take(np.zeros(n, np.int64)), targets=targets, ids=tuple(f"{seed}-{i}" for i in range(n)))
    return (scale * logits).astype(np.float32), images


@pytest.fixture
def measured(synthetic: LabelledImages) -> tuple[Evidence, SplitLogits, list[LabelledImages]]:
    (val, val_images), (test, test_images) = split(synthetic, 400, 3, 1), split(synthetic, 300, 0.5, 2)
    logits, fp32 = SplitLogits(val, test), SplitLogits(-val, test[::-1].copy())
    evidence = measure(SHIPPED_DEFAULT, logits, val_images, test_images, References(val, fp32))
    return evidence, logits, [val_images, test_images]


def test_the_temperature_is_of_validation(
    measured: tuple[Evidence, SplitLogits, list[LabelledImages]],
) -> None:
    evidence, logits, (val, test) = measured
    assert evidence.temperature == fit_temperature(logits.val, val.targets) == pytest.approx(3, rel=0.15)
    assert fit_temperature(logits.test, test.targets) == pytest.approx(0.5, rel=0.15)  # so it can't be taken for it


def test_the_threshold_is_of_validation_after_the_temperature(
    measured: tuple[Evidence, SplitLogits, list[LabelledImages]],
) -> None:
    evidence, logits, (val, test) = measured
    others = [
        abstain_threshold(logits.val, val.targets, 1.0),
        abstain_threshold(logits.test, test.targets, evidence.temperature),
        0.0,
    ]
    assert evidence.abstain_threshold == abstain_threshold(logits.val, val.targets, evidence.temperature)
    assert min(abs(other - evidence.abstain_threshold) for other in others) > 0.01


def test_it_is_judged_on_test(measured: tuple[Evidence, SplitLogits, list[LabelledImages]]) -> None:
    evidence, logits, (val, test) = measured
    t, threshold = evidence.temperature, evidence.abstain_threshold
    errors = [calibration_error(logits.test, test.targets, each) for each in (1.0, t)]
    assert evidence.calibration_error == tuple(errors)
    assert errors[0] < errors[1] - 0.05  # a temperature of other images made it worse, and that is what is told
    assert evidence.reliability == calibration_bins(logits.test, test.targets, t)
    assert evidence.coverage == coverage(logits.test, test.targets, t, threshold)
    assert 0 < evidence.coverage.unknown < 300
    assert (evidence.val.n, evidence.test.n) == (400, 300)
    for told, own, images in ((evidence.val, logits.val, val), (evidence.test, logits.test, test)):
        right = own.argmax(1) == images.targets
        assert told.top1 == right.mean()
        assert told.interval == wilson_interval(int(right.sum()), len(images))
    before = logits.test[::-1].argmax(1)
    assert evidence.test.paired == paired_test(before == test.targets, logits.test.argmax(1) == test.targets)
    assert evidence.test.same_answers == (before == logits.test.argmax(1)).mean()
    assert (evidence.few_images, evidence.at_bound) == (False, False)


def test_what_is_shipped_is_told(measured: tuple[Evidence, SplitLogits, list[LabelledImages]]) -> None:
    evidence = measured[0]
    told = confidence_line(evidence)
    assert told in list(evidence_lines([evidence]))
    assert f"temperature {evidence.temperature:.2f} of 400 validation images;" in told
    assert (
        f"`unknown` below {evidence.abstain_threshold:.2f}: {evidence.coverage.unknown / 300:.1%} of the test" in told
    )
    assert f"{evidence.coverage.accuracy:.2%} are right ({evidence.coverage.lost} right answers lost)" in told
    assert "a card can say" in confidence_line(replace(evidence, at_bound=True))


def test_few_validation_images_are_called_so_and_make_nothing_unknown(synthetic: LabelledImages) -> None:
    (val, val_images), (test, test_images) = split(synthetic, 27, 1, 1), split(synthetic, 50, 1, 2)
    logits = SplitLogits(val, test)
    evidence = measure(SHIPPED_DEFAULT, logits, val_images, test_images, References(val, logits))
    assert evidence.few_images
    assert 0.5 < evidence.temperature < 2
    assert (evidence.abstain_threshold, evidence.coverage.unknown) == (0, 0)
    told = confidence_line(evidence)
    assert "of 27 validation images, too few (under 100)" in told
    assert "never `unknown`: " in told
    assert "right answers on validation are too few for a threshold" in told
    faultless = replace(evidence, val=replace(evidence.val, top1=1.0))
    assert "never `unknown`: no answer on validation was wrong" in confidence_line(faultless)


def test_the_worst_class_is_one_that_has_images(synthetic: LabelledImages) -> None:
    logits, images = split(synthetic, 200, 1, 3)
    images = replace(images, targets=images.targets % 9)  # none of the tenth
    both = SplitLogits(logits, logits)
    evidence = measure(SHIPPED_DEFAULT, both, images, images, References(logits, both))
    assert evidence.test.worst_class != images.labels[9]


@pytest.fixture(scope="module")
def references(tiny_fp32_model: Path, random_net: torch.nn.Sequential, synthetic: LabelledImages) -> References:
    logits = file_logits(tiny_fp32_model, synthetic, synthetic)
    return References(torch_logits(random_net, synthetic), logits)


def test_a_files_logits_are_of_both_splits(tiny_fp32_model: Path, synthetic: LabelledImages) -> None:
    val, test = synthetic.take(np.arange(3)), synthetic.take(np.arange(3, 8))
    logits = file_logits(tiny_fp32_model, val, test)
    assert (logits.val.shape, logits.test.shape) == ((3, 10), (5, 10))


def test_the_fp32_file_passes_parity(references: References) -> None:
    require_parity("model", references.fp32.val, references.reference_val)


@pytest.mark.parametrize(("wrong", "told"), [(1.0, "by 1, more than"), (float("nan"), "by being no numbers")])
def test_a_file_that_computes_something_else_fails_parity(references: References, wrong: float, told: str) -> None:
    with pytest.raises(ModelError, match=f"logits differ from the trained net's {told}"):
        require_parity("model", references.fp32.val + np.float32(wrong), references.reference_val)


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
