"""The temperature and the threshold that were measured, on the card of every file that an export writes."""

import json
import math
from pathlib import Path

import pytest
from edge_cifar.edge.inference.classifier import Classifier
from edge_cifar.edge.inference.on_dataset import batch_logits
from edge_cifar.edge.inference.prediction import UNKNOWN
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.stats.confidence import abstain_threshold, fit_temperature
from edge_cifar.edge.stats.softmax import softmax
from edge_cifar.export.pipeline.export_files import Order
from edge_cifar.export.pipeline.export_run import export_run
from edge_cifar.export.quantization.accuracy_ladder import Budget
from edge_cifar.train.data.run_data import load_run_data
from edge_cifar.train.runs.run_folder import Run


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
    threshold = abstain_threshold(logits, data.val.targets, temperature)
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
