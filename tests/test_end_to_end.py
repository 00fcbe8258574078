"""The main path as a user walks it: the demo trains and exports, then come commands of their own on its run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar import Classifier
from edge_cifar.edge.data.synthetic_shapes import write_photos
from in_process import run_in_process

pytestmark = pytest.mark.slow

RUN = Path("runs/run")


def edge_cifar(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_cifar.edge", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """A folder with what `edge-cifar demo --out runs` left there, a run among it, and what it said."""
    folder = tmp_path_factory.mktemp("workplace")
    done = edge_cifar("demo", "--out", "runs", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def workplace(demo: tuple[Path, "subprocess.CompletedProcess[str]"]) -> Path:
    """The folder with a run, trained on the rendered shapes and exported."""
    return demo[0]


def test_the_demo_trains_exports_measures_and_writes_one_page(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    folder, done = demo
    assert done.stdout == f"{Path('runs/report.html')}\n"
    shown = re.findall(r"^\$ edge-cifar (\w+)", done.stderr, re.MULTILINE)
    assert shown[:6] == ["train", "export", "verify", "evaluate", "benchmark", "predict"]
    assert json.loads((folder / RUN / "result.json").read_text())["val_accuracy"] > 0.95
    page = (folder / "runs/report.html").read_text()
    assert page.count("<img ") == 10  # photos
    assert "Ways to quantize" in (folder / RUN / "report.html").read_text()
    for words in ("Ship model", "Best epoch", "triangle-0", "edge-cifar train --data synthetic", "onnxruntime "):
        assert words in page


def test_a_run_folder_holds_what_was_promised(workplace: Path) -> None:
    found = {path.name for path in (workplace / RUN).iterdir()}
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
    summary = json.loads((workplace / RUN / "export.json").read_text())
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
    assert model == f"model: {RUN / 'model.int8.onnx'}"
    assert summary.startswith("30 photos")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == sorted(f"photos/{path.name}" for path in photos)
    right = sum(Path(row["path"]).name.startswith(row["guess"]) for row in rows)
    assert right >= 24  # of 30; chance is 3
    assert sum(row["label"] == "unknown" for row in rows) <= 6

    classifier = Classifier(workplace / RUN / "model.int8.onnx")
    prediction = classifier.predict(workplace / rows[0]["path"])
    assert (prediction.label, prediction.confidence) == (rows[0]["label"], rows[0]["confidence"])


def test_evaluate_agrees_with_the_trainer(workplace: Path) -> None:
    trained = json.loads((workplace / RUN / "result.json").read_text())
    done = edge_cifar("evaluate", RUN / "model.fp32.onnx", "--data", "synthetic", "--json", cwd=workplace)
    result = json.loads(done.stdout)
    assert result["n"] == trained["test_images"]
    assert result["accuracy"] == pytest.approx(trained["test_accuracy"], abs=0.01)  # bfloat16 against float32


def test_exporting_again_without_quantize_keeps_the_int8_file_of_the_same_weights(workplace: Path) -> None:
    run = workplace / RUN
    before = (run / "model.int8.onnx").read_bytes()
    done = run_in_process("export", cwd=workplace)
    assert done.returncode == 0
    assert "kept, of an earlier export of the same weights: model.int8.onnx" in done.stdout
    assert (run / "model.int8.onnx").read_bytes() == before
    assert run_in_process("export", "--quantize", "--out", "again", cwd=workplace).returncode == 0
    assert (workplace / "again/model.int8.onnx").read_bytes() == before  # the same command, the same file
