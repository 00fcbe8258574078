"""The models in the package, against their own cards and on the real CIFAR-10."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.shipped_models import FAMILY, SHIPPED, SHIPPED_DEFAULT, SHIPPED_FP32, model_file
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net, count_parameters

LARGEST = {"nano": 98_000, "small": 200_000, "batchnorm": 350_000, "large": 1_200_000}  # bytes
ACCURACY = {"nano": 0.88, "small": 0.905, "batchnorm": 0.93, "large": 0.945}  # at least


def card(path: Path) -> ModelCard:
    return Model(path).card


@pytest.mark.parametrize("name", FAMILY)
def test_the_int8_files_are_small(name: str) -> None:
    assert model_file(name).stat().st_size <= LARGEST[name]


def test_the_package_is_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 4_000_000


def test_fp32_and_int8_hold_the_same_trained_weights() -> None:
    fp32, int8 = card(SHIPPED_FP32), card(SHIPPED_DEFAULT)
    assert fp32.weights_sha256 == int8.weights_sha256
    assert (fp32.precision, int8.precision) == ("fp32", "int8")


@pytest.mark.parametrize("name", FAMILY)
def test_a_name_stands_for_a_file_with_the_whole_net(name: str) -> None:
    int8 = card(model_file(name))
    assert (int8.net, int8.precision) == (name, "int8")
    assert int8.parameters == count_parameters(build_net(NETS[name]))


@pytest.mark.parametrize("name", FAMILY)
def test_the_int8_files_were_calibrated_on_training_images(name: str) -> None:
    calibration = card(model_file(name)).calibration
    assert calibration is not None
    assert calibration["split"] == "train"
    assert calibration["n"] >= 512


@pytest.mark.cifar10
@pytest.mark.parametrize("path", [SHIPPED_FP32, *map(model_file, FAMILY)], ids=lambda path: path.name)
def test_all_test_images_give_the_accuracy_on_the_card(path: Path, cifar10: Path) -> None:
    command = [sys.executable, "-m", "edge_cifar.edge", "evaluate", path, "--data", cifar10, "--json"]
    result = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=600).stdout)
    assert result["n"] == 10_000
    assert result["accuracy"] >= ACCURACY[card(path).net]
    # int8 gives the same logits on every CPU; fp32 may turn a tie.
    tolerance = 2e-4 if path == SHIPPED_FP32 else 0
    assert result["accuracy"] == pytest.approx(card(path).accuracy["test"]["top1"], abs=tolerance)


def test_int8_loses_at_most_a_fifth_of_a_point() -> None:
    drop = card(SHIPPED_FP32).accuracy["test"]["top1"] - card(SHIPPED_DEFAULT).accuracy["test"]["top1"]
    assert drop <= 0.002
