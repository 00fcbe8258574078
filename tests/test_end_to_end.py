"""The main path as a user walks it: train, export, predict, each a command of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar import Classifier
from edge_cifar.edge.data.synthetic_shapes import write_photos


def edge_cifar(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_cifar.edge", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run, trained on the rendered shapes and exported."""
    folder = tmp_path_factory.mktemp("workplace")
    for arguments in (
        ("train", "--data", "synthetic", "--epochs", "10", "--out", "runs/shapes"),
        ("export", "--quantize"),
    ):
        done = edge_cifar(*arguments, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def test_a_run_folder_holds_what_was_promised(workplace: Path) -> None:
    found = {path.name for path in (workplace / "runs/shapes").iterdir()}
    assert sorted(found - {"mistakes.png"}) == [  # there may be none
        ".lock",  # that one process holds while it trains
        "config.json",
        "confusion.png",
        "curves.png",
        "export.json",
        "flips.png",
        "metrics.jsonl",
        "model.fp32.onnx",
        "model.int8.onnx",
        "recipe.toml",
        "reliability.png",
        "report.html",
        "report.md",
        "result.json",
        "samples.png",
        "weights.safetensors",
    ]


def test_the_export_proves_parity_and_a_small_drop(workplace: Path) -> None:
    summary = json.loads((workplace / "runs/shapes/export.json").read_text())
    fp32, int8 = summary["files"]
    assert len(summary["calibration_ids"]["0"]) == 512
    assert fp32["largest_logit_difference"] < 1e-3
    assert fp32["val"]["same_answers"] == 1
    assert fp32["val"]["top1"] - int8["val"]["top1"] <= 0.005  # the default of --max-drop
    assert int8["bytes"] < 350_000


def test_photos_of_ordinary_size_get_the_right_labels(workplace: Path) -> None:
    photos = write_photos(workplace / "photos", 3, seed=7)
    done = edge_cifar("predict", "photos", "--json", cwd=workplace)
    assert done.returncode == 0
    model, summary = done.stderr.splitlines()
    assert model == f"model: {Path('runs/shapes/model.int8.onnx')}"
    assert summary.startswith("30 photos")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == sorted(f"photos/{path.name}" for path in photos)
    right = sum(Path(row["path"]).name.startswith(row["guess"]) for row in rows)
    assert right >= 24  # of 30; chance is 3
    assert sum(row["label"] == "unknown" for row in rows) <= 6

    classifier = Classifier(workplace / "runs/shapes/model.int8.onnx")
    prediction = classifier.predict(workplace / rows[0]["path"])
    assert (prediction.label, prediction.confidence) == (rows[0]["label"], rows[0]["confidence"])


def test_evaluate_agrees_with_the_trainer(workplace: Path) -> None:
    trained = json.loads((workplace / "runs/shapes/result.json").read_text())
    done = edge_cifar("evaluate", "runs/shapes/model.fp32.onnx", "--data", "synthetic", "--json", cwd=workplace)
    result = json.loads(done.stdout)
    assert result["n"] == trained["test_images"]
    assert result["accuracy"] == pytest.approx(trained["test_accuracy"], abs=0.01)  # bfloat16 against float32


def test_exporting_again_without_quantize_keeps_the_int8_file_of_the_same_weights(workplace: Path) -> None:
    run = workplace / "runs/shapes"
    before = (run / "model.int8.onnx").read_bytes()
    done = edge_cifar("export", cwd=workplace)
    assert done.returncode == 0
    assert "kept, of an earlier export of the same weights: model.int8.onnx" in done.stdout
    assert (run / "model.int8.onnx").read_bytes() == before
    assert edge_cifar("export", "--quantize", "--out", "again", cwd=workplace).returncode == 0
    assert (workplace / "again/model.int8.onnx").read_bytes() == before  # the same command, the same file
