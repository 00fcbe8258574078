"""`edge-cifar export` from outside: what it refuses, and what it does when nothing is in budget."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from edge_cifar.edge.model_card import read_card
from edge_cifar.edge.onnx_file import read_onnx
from edge_cifar.export.exporter import Exporter
from edge_cifar.train.data import load_dataset
from edge_cifar.train.modules import build_net
from edge_cifar.train.nets import NETS
from edge_cifar.train.recipe import Recipe
from edge_cifar.train.run import Run


def export(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_cifar.edge", "export", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    torch.manual_seed(0)
    recipe = Recipe(data="synthetic", net="single")
    data = load_dataset(recipe.data, recipe.size, recipe.val_fraction, recipe.seed).describe()
    run = Run(tmp_path / "runs/random", recipe, data, {"torch": "2"})
    run.create()
    run.save_weights(build_net(NETS[recipe.net]), epoch=1, val_accuracy=0.1)
    return run


def test_nothing_in_budget_leaves_no_int8_file_and_tells_what_was_tried(run: Run) -> None:
    (run.folder / "model.int8.onnx").write_bytes(b"of an earlier export")
    done = export("--quantize", "--max-drop", "-100", cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "no int8 file within -100.0 points" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (run.folder / "model.int8.onnx").exists()
    assert (run.folder / "model.fp32.onnx").exists()
    summary = json.loads((run.folder / "export.json").read_text())
    assert len(summary["rungs"]) == 10
    assert done.stdout.count("layers in float") == 2


def test_a_file_that_is_not_portable_says_so_in_all_places(run: Run) -> None:
    done = export("--quantize", "--max-drop", "100", "--not-portable", cwd=run.folder.parents[1])
    assert done.returncode == 0, done.stderr
    assert "model.int8.onnx on other CPUs: NOT PORTABLE" in done.stdout
    summary = json.loads((run.folder / "export.json").read_text())
    assert summary["budget"]["portable"] is False
    assert summary["rungs"][0]["portability"].startswith("NOT PORTABLE")
    assert summary["files"][1]["portability"].startswith("NOT PORTABLE")
    assert "on other CPUs: NOT PORTABLE" in (run.folder / "report.html").read_text()
    _, onnx_file = read_onnx(run.folder / "model.int8.onnx")
    assert read_card(onnx_file.metadata, run.folder).portability.startswith("NOT PORTABLE")


def test_the_card_tells_what_one_image_costs(run: Run) -> None:
    card = Exporter(run).card
    assert card.parameters == 66_170
    assert card.macs == 32 * 32 * 16 * 3 * 3 * 3 + 16 * 16 * 16 * 16 + 16 * 10  # the convolution, two dense layers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no run here"),
        (["runs/random", "--data", "elsewhere"], "elsewhere: no such dataset folder"),
        (["runs/random", "--target-ort", "latest"], "--target-ort latest: not a release of onnxruntime"),
    ],
)
def test_what_is_missing_is_named_in_one_line(run: Run, arguments: list[str], message: str) -> None:
    done = export(*arguments, cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_any_run_the_way_to_one_is_told(tmp_path: Path) -> None:
    done = export(cwd=tmp_path)
    assert done.returncode == 1
    assert "train one with `edge-cifar train`" in done.stderr


def test_data_that_has_changed_since_training_is_refused(run: Run) -> None:
    config = json.loads((run.folder / "config.json").read_text())
    config["data"]["splits"]["train"]["sha256"] = "0" * 64
    (run.folder / "config.json").write_text(json.dumps(config))
    done = export(cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "not the images that" in done.stderr


def test_pickled_weights_are_refused_unopened(run: Run) -> None:
    torch.save({"weight": torch.zeros(1)}, run.folder / "weights.safetensors")
    done = export(cwd=run.folder.parents[1])
    assert done.returncode == 1
    assert "not the weights of this run" in done.stderr
