"""The models in the package, against their own cards and on the real CIFAR-10."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.model import Model
from edge_cifar.edge.model_card import ModelCard
from edge_cifar.edge.shipped import SHIPPED
from edge_cifar.train.modules import build_net, count_parameters
from edge_cifar.train.nets import NETS

FP32, INT8 = SHIPPED / "batchnorm.fp32.onnx", SHIPPED / "batchnorm.int8.onnx"


def card(path: Path) -> ModelCard:
    return Model(path).card


def test_the_int8_file_is_small() -> None:
    assert INT8.stat().st_size <= 350_000


def test_both_files_hold_the_same_trained_weights_of_the_whole_net() -> None:
    fp32, int8 = card(FP32), card(INT8)
    assert fp32.weights_sha256 == int8.weights_sha256
    assert (fp32.precision, int8.precision) == ("fp32", "int8")
    assert fp32.parameters == int8.parameters == count_parameters(build_net(NETS["batchnorm"]))


def test_the_int8_file_was_calibrated_on_training_images() -> None:
    calibration = card(INT8).calibration
    assert calibration is not None
    assert calibration["split"] == "train"
    assert calibration["n"] >= 512


@pytest.mark.cifar10
@pytest.mark.parametrize("path", [FP32, INT8], ids=lambda path: path.name)
def test_all_test_images_give_the_accuracy_on_the_card(path: Path, cifar10: Path) -> None:
    command = [sys.executable, "-m", "edge_cifar.edge", "evaluate", path, "--data", cifar10, "--json"]
    result = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=600).stdout)
    assert result["n"] == 10_000
    assert result["accuracy"] >= 0.92
    # int8 gives the same logits on every CPU; fp32 may turn a tie.
    tolerance = 0 if path == INT8 else 2e-4
    assert result["accuracy"] == pytest.approx(card(path).accuracy["test"]["top1"], abs=tolerance)


def test_int8_loses_at_most_a_fifth_of_a_point() -> None:
    drop = card(FP32).accuracy["test"]["top1"] - card(INT8).accuracy["test"]["top1"]
    assert drop <= 0.002
