"""Temperature and threshold: fitted on validation, judged on test, written to the card. Here the two splits differ."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.inference.classifier import UNKNOWN, Classifier
from edge_cifar.edge.inference.on_dataset import batch_logits
from edge_cifar.edge.model.contract import Logits, Model
from edge_cifar.edge.stats.classification import softmax
from edge_cifar.edge.stats.confidence import (
    abstain_threshold,
    calibration_bins,
    calibration_error,
    coverage,
    fit_temperature,
)
from edge_cifar.edge.stats.significance import paired_test, wilson_interval
from edge_cifar.export.evidence.measured_accuracy import Evidence, References, SplitLogits, measure
from edge_cifar.export.evidence.text_tables import confidence_line, evidence_lines
from edge_cifar.export.pipeline.export_run import Order, export_run
from edge_cifar.export.quantization.accuracy_ladder import Budget
from edge_cifar.train.data.run_data import load_run_data
from edge_cifar.train.runs.run_folder import Run


def split(synthetic: LabelledImages, n: int, scale: float, seed: int) -> tuple[Logits, LabelledImages]:
    """Images and the logits of a net whose confidence is true after division by `scale`."""
    random = np.random.RandomState(seed)
    logits = random.normal(size=(n, 10))
    logits[np.arange(n), random.randint(10, size=n)] += random.normal(5, 2, n)
    targets = np.minimum((softmax(logits).cumsum(1) < random.uniform(size=(n, 1))).sum(1), 9).astype(np.int64)
    images = replace(synthetic.take(np.zeros(n, np.int64)), targets=targets, ids=tuple(f"{seed}-{i}" for i in range(n)))
    return (scale * logits).astype(np.float32), images


@pytest.fixture(scope="module")
def measured(tiny_int8_model: Path, synthetic: LabelledImages) -> tuple[Evidence, SplitLogits, list[LabelledImages]]:
    (val, val_images), (test, test_images) = split(synthetic, 400, 3, 1), split(synthetic, 300, 0.5, 2)
    logits, fp32 = SplitLogits(val, test), SplitLogits(-val, test[::-1].copy())
    evidence = measure(tiny_int8_model, logits, val_images, test_images, References(val, fp32))
    return evidence, logits, [val_images, test_images]


def test_the_temperature_is_of_validation(
    measured: tuple[Evidence, SplitLogits, list[LabelledImages]],
) -> None:
    evidence, logits, (val, test) = measured
    assert evidence.temperature == fit_temperature(logits.val, val.targets) == pytest.approx(3, rel=0.15)
    assert fit_temperature(logits.test, test.targets) == pytest.approx(0.5, rel=0.15)  # so it can't be taken for it


def test_the_threshold_is_of_the_right_answers_on_validation_after_the_temperature(
    measured: tuple[Evidence, SplitLogits, list[LabelledImages]],
) -> None:
    evidence, logits, (val, test) = measured
    right = logits.val.argmax(1) == val.targets
    others = [
        abstain_threshold(logits.val, evidence.temperature),  # of all answers
        abstain_threshold(logits.val[right], 1.0),
        abstain_threshold(logits.test[logits.test.argmax(1) == test.targets], evidence.temperature),
        0.0,
    ]
    assert evidence.abstain_threshold == abstain_threshold(logits.val[right], evidence.temperature)
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


def test_few_validation_images_are_called_so_and_make_nothing_unknown(
    tiny_int8_model: Path, synthetic: LabelledImages
) -> None:
    (val, val_images), (test, test_images) = split(synthetic, 27, 1, 1), split(synthetic, 50, 1, 2)
    logits = SplitLogits(val, test)
    evidence = measure(tiny_int8_model, logits, val_images, test_images, References(val, logits))
    assert evidence.few_images
    assert 0.5 < evidence.temperature < 2
    assert (evidence.abstain_threshold, evidence.coverage.unknown) == (0, 0)
    told = confidence_line(evidence)
    assert "of 27 validation images, too few (under 100)" in told
    assert "never `unknown`: " in told
    assert "right answers on validation are too few for a threshold" in told


def test_the_worst_class_is_one_that_has_images(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    logits, images = split(synthetic, 200, 1, 3)
    images = replace(images, targets=images.targets % 9)  # none of the tenth
    both = SplitLogits(logits, logits)
    evidence = measure(tiny_int8_model, both, images, images, References(logits, both))
    assert evidence.test.worst_class != images.labels[9]


@pytest.fixture(scope="module")
def exported(learnt: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export_run(learnt, Order(Budget(max_drop=100), quantize=True, also=["dynamic"]), folder)
    return folder


@pytest.mark.parametrize("name", ["model.fp32.onnx", "model.int8.onnx", "model.dynamic.onnx"])
def test_every_file_carries_the_temperature_and_the_threshold_of_its_own_logits(
    exported: Path, learnt: Run, name: str
) -> None:
    model, data = Model(exported / name), load_run_data(learnt)
    logits = batch_logits(model, data.val)
    temperature = fit_temperature(logits, data.val.targets)
    threshold = abstain_threshold(logits[logits.argmax(1) == data.val.targets], temperature)
    assert (model.card.temperature, model.card.abstain_threshold) == (temperature, threshold)
    assert abs(math.log(temperature)) > 0.02
    assert threshold > 0.1
    assert temperature != fit_temperature(batch_logits(model, data.test), data.test.targets)
    [told] = [file for file in json.loads((exported / "export.json").read_text())["files"] if file["file"] == name]
    assert (told["temperature"], told["abstain_threshold"]) == (temperature, threshold)
    assert told["coverage"]["n"] == len(data.test)
    assert model.card.accuracy["val"]["n"] == len(data.val) != len(data.test) == model.card.accuracy["test"]["n"]


def test_a_classifier_uses_both(exported: Path, learnt: Run) -> None:
    classifier = Classifier(exported / "model.int8.onnx")
    card, data = classifier.model.card, load_run_data(learnt)
    probabilities = softmax(batch_logits(classifier.model, data.test) / card.temperature)
    confidence = probabilities.max(axis=1)
    unsure, sure = int(confidence.argmin()), int(confidence.argmax())
    assert confidence[unsure] < card.abstain_threshold <= confidence[sure]
    for place, label in ((unsure, UNKNOWN), (sure, card.labels[probabilities[sure].argmax()])):
        prediction = classifier.predict(data.test.images[place, ..., :3])
        assert prediction.label == label
        assert prediction.confidence == pytest.approx(confidence[place], rel=1e-6)
