import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks import measure
from edge_cifar.benchmarks.benchmark import default_models
from edge_cifar.edge.cli import main
from edge_cifar.edge.model import SHIPPED


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start, and one call a turn."""
    for name in ("STARTS", "NET_CALLS", "PHOTO_CALLS", "BATCH_CALLS"):
        monkeypatch.setattr(measure, name, 1)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int | str | None:
    """Run `edge-cifar benchmark ARGUMENTS` and return what it exits with."""
    monkeypatch.setattr(sys, "argv", ["edge-cifar", "benchmark", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        main()
    return exit_.value.code


def test_json_holds_everything_that_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_fp32_model: Path, tiny_int8_model: Path
) -> None:
    models = [tiny_fp32_model, tiny_int8_model]
    assert run(monkeypatch, *models, "--data", "synthetic", "--rounds", "2", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    assert report["settings"] == {
        "data": "synthetic",
        "split": "test",
        "rounds": 2,
        "threads": 1,
        "batch": 64,
        "photo": [1024, 768],
    }
    assert report["machine"]["cores"] >= 1
    for path, measured in zip(models, report["models"], strict=True):
        assert (measured["model"], measured["bytes"]) == (str(path), path.stat().st_size)
        assert measured["parameters"] == 309_290
        for kind in ("net", "photo"):
            latency, ratio = measured[f"{kind}_ms"], measured[f"{kind}_ratio"]
            assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
            assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"]
        assert measured["images_per_second"] > 0
        assert measured["start"].keys() == {"seconds", "peak_bytes"}
        assert measured["accuracy"]["n"] == 500
    first = report["models"][0]
    assert first["net_ratio"] == first["photo_ratio"] == {"median": 1, "low": 1, "high": 1}
    assert (first["accuracy"]["drop_points"], first["accuracy"]["same_answers"]) == (0, 1)


def test_text_fits_a_terminal_of_100_columns_and_progress_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny_int8_model: Path
) -> None:
    deep = tmp_path / ("deep" * 20) / "model.int8.onnx"
    deep.parent.mkdir()
    deep.write_bytes(tiny_int8_model.read_bytes())
    assert run(monkeypatch, tiny_int8_model, deep, "--data", "synthetic", "--rounds", "1") == 0
    out, err = capsys.readouterr()
    tables = out.split("\n\n")[1:]
    assert [table.split("  ")[0] for table in tables] == [
        "file",
        "net alone, batch 1, threads 1",
        "JPEG of 1024 x 768 to label",
        "accuracy",
    ]
    for table in tables:
        lines = table.rstrip("\n").split("\n")
        assert len(lines) == 3
        assert len({len(line) for line in lines}) == 1
        assert len(lines[0]) <= 100
        assert "/model.int8.onnx " in lines[2]
    assert "measuring" in err
    assert "measuring" not in out


def test_without_data_there_is_no_accuracy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_int8_model: Path
) -> None:
    assert run(monkeypatch, tiny_int8_model, "--rounds", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["accuracy"] is None


def test_timed_images_are_spread_over_the_dataset() -> None:
    pixels = np.arange(1000, dtype=np.uint16).repeat(4).reshape(1000, 1, 1, 4)
    chosen = measure._spread(pixels)[:, 0, 0, 0]
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 999, 256)
    assert math.isclose(np.diff(chosen).mean(), 999 / 255)
    assert len(measure._spread(pixels[:3])) == 256


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.onnx"], "nowhere.onnx: no such model file"),
        ([__file__], "not an ONNX model"),
    ],
)
def test_a_file_that_is_no_model_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    message = run(monkeypatch, *arguments)
    assert isinstance(message, str)  # which the interpreter prints to stderr and turns into exit status 1
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--threads", "0"], ["--split", "all"], ["--fast"]])
def test_wrong_usage_exits_2(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert run(monkeypatch, *arguments) == 2


@pytest.mark.parametrize("default", ["model.fp32.onnx", "model.int8.onnx"])
def test_the_models_by_default_are_the_shipped_ones_and_the_newest_export(tmp_path: Path, default: str) -> None:
    shipped = [SHIPPED / "batchnorm.fp32.onnx", SHIPPED / "batchnorm.int8.onnx"]
    assert default_models(tmp_path) == shipped
    files = [tmp_path / "a" / name for name in ("model.fp32.onnx", "model.int8.onnx")]
    files[0].parent.mkdir()
    (tmp_path / "a" / "export.json").write_text(json.dumps({"default": default}))
    files[0].touch()
    assert default_models(tmp_path) == [*shipped, files[0]]
    files[1].touch()
    assert default_models(tmp_path) == [*shipped, *files]


def test_benchmark_and_demo_load_no_torch() -> None:
    code = (
        "import sys, edge_cifar.benchmarks.benchmark, edge_cifar.benchmarks.demo; "
        "print(sorted({'torch', 'onnx', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
