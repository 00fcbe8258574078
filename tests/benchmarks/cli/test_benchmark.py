import hashlib
import json
import math
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.cli.benchmark import default_models
from edge_cifar.benchmarks.measure import model_measurements, rates
from edge_cifar.benchmarks.measure.conditions import Watch
from edge_cifar.edge.cli.main import main
from edge_cifar.edge.model.shipped_models import SHIPPED_DEFAULT, SHIPPED_FP32
from jsonschema import Draft202012Validator


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start, one call a turn, one batch size."""
    for module, name, value in (
        (model_measurements, "STARTS", 1),
        (model_measurements, "CALLS", 1),
        (rates, "BATCHES", (2,)),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(rates, "ROUNDS", 1)


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
    schema = json.loads((files("edge_cifar.benchmarks.report") / "schema.json").read_text())
    Draft202012Validator(schema).validate(report)
    assert report["settings"] == {
        "data": "synthetic",
        "split": "test",
        "rounds": 2,
        "threads": 1,
        "minutes": 0,
        "photo": [1024, 768],
    }
    assert report["machine"]["cores"] >= 1
    assert report["validity"]["valid"] == (not report["validity"]["reasons"])
    assert report["minutes"] == []
    for path, model in zip(models, report["models"], strict=True):
        assert (model["model"], model["bytes"]) == (str(path), path.stat().st_size)
        assert model["digest"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (model["net"], model["parameters"], model["macs"]) == ("batchnorm", 309_290, None)
        for kind in ("net", "decode", "photo"):
            latency = model[f"{kind}_ms"]
            assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
            assert 0 < latency["low"] <= latency["high"]
            assert len(latency["rounds"]) == 2
        for kind in ("net", "photo"):
            ratio = model[f"{kind}_ratio"]
            assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"]
        assert all(rate["images_per_second"] > 0 for rate in model["throughput"])
        assert model["start"].keys() == {"seconds", "peak_bytes", "parts", "rounds"}
        assert model["accuracy"]["n"] == 500
    first = report["models"][0]
    assert first["net_ratio"] == first["photo_ratio"] == {"median": 1, "low": 1, "high": 1}
    assert (first["accuracy"]["drop_points"], first["accuracy"]["same_answers"]) == (0, 1)


def test_progress_goes_to_stderr_and_the_tables_to_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_int8_model: Path
) -> None:
    assert run(monkeypatch, tiny_int8_model, "--rounds", "1") == 0
    out, err = capsys.readouterr()
    assert "net alone, threads 1" in out
    assert "measuring throughput ..." in err
    assert "measuring" not in out


def test_a_run_that_was_disturbed_is_told_in_one_line_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_int8_model: Path
) -> None:
    moments = iter([0.0, *[1.0] * 100])
    monkeypatch.setattr(Watch, "after_round", lambda watch: watch.mhz.append(1000 + 1000 * next(moments)))
    assert run(monkeypatch, tiny_int8_model, "--rounds", "3", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["validity"]["valid"] is False
    line = err.splitlines()[-1]
    assert line.startswith("this run is INVALID: ")
    assert "the clock changed: 1,000 to 2,000 MHz" in line


def test_without_data_there_is_no_accuracy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_int8_model: Path
) -> None:
    assert run(monkeypatch, tiny_int8_model, "--rounds", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["accuracy"] is None


def test_timed_images_are_spread_over_the_dataset() -> None:
    pixels = np.arange(1000, dtype=np.uint16).repeat(4).reshape(1000, 1, 1, 4)
    chosen = model_measurements._spread(pixels)[:, 0, 0, 0]
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 999, 256)
    assert math.isclose(np.diff(chosen).mean(), 999 / 255)
    assert len(model_measurements._spread(pixels[:3])) == 256


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


@pytest.mark.parametrize(
    "arguments", [["--rounds", "0"], ["--threads", "0"], ["--split", "all"], ["--fast"], ["--minutes", "-1"]]
)
def test_wrong_usage_exits_2(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert run(monkeypatch, *arguments) == 2


@pytest.mark.parametrize("default", ["model.fp32.onnx", "model.int8.onnx"])
def test_the_models_by_default_are_the_shipped_ones_and_the_newest_export(tmp_path: Path, default: str) -> None:
    shipped = [SHIPPED_FP32, SHIPPED_DEFAULT]
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
        "import sys, edge_cifar.benchmarks.cli.benchmark, edge_cifar.benchmarks.cli.demo; "
        "print(sorted({'torch', 'onnx', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_html_is_a_page_of_the_run_beside_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny_int8_model: Path
) -> None:
    assert run(monkeypatch, tiny_int8_model, "--rounds", "1", "--json", "--html", tmp_path / "report.html") == 0
    [model] = json.loads(capsys.readouterr().out)["models"]
    assert model["digest"] in (tmp_path / "report.html").read_text()


def test_a_page_that_may_not_be_written_is_known_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_int8_model: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "notes.html"
    foreign.write_text("mine")
    assert run(monkeypatch, tiny_int8_model, "--html", foreign) == f"edge-cifar benchmark: {_kept(foreign)}"
    assert foreign.read_text() == "mine"
    assert capsys.readouterr().out == ""


def _kept(path: Path) -> str:
    return f"{path}: exists, not as edge-cifar wrote it, so it is kept; name another file or move this one away"
