"""A net of a thousand classes is measured and told of like any other, with somebody's own file beside it."""

import json
import sys
from importlib.resources import files
from pathlib import Path

import onnx
import pytest
from edge_cifar.benchmarks.measure import model_measurements, rates
from edge_cifar.edge.cli.main import main
from edge_cifar.edge.model.card import ModelCard
from elements import Elements
from jsonschema import Draft202012Validator
from onnx import TensorProto, helper
from thousand import PHOTOS, SIZE, write_test_photos, write_thousand


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A net from elsewhere, of float pixels."""
    graph = helper.make_graph(
        [helper.make_node("GlobalAveragePool", ["pixels"], ["scores"])],
        "theirs",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 3, 1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.save(model, tmp_path / "theirs.onnx")
    return tmp_path / "theirs.onnx"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start, one call a turn, one batch size."""
    for module, name, value in (
        (model_measurements, "STARTS", 1),
        (model_measurements, "CALLS", 1),
        (rates, "BATCHES", (2,)),
        (rates, "ROUNDS", 1),
    ):
        monkeypatch.setattr(module, name, value)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int | str | None:
    """Run `edge-cifar ARGUMENTS` and return what it exits with."""
    monkeypatch.setattr(sys, "argv", ["edge-cifar", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        main()
    return exit_.value.code


def test_page_json_and_comparison_stay_small(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    card: ModelCard,
    theirs: Path,
) -> None:
    models = [write_thousand(tmp_path / f"{name}.onnx", card, noise) for name, noise in (("a", 0), ("b", 0.3))]
    data, page = write_test_photos(tmp_path / "photos"), tmp_path / "page.html"
    options = ("--data", data, "--against", theirs, "--rounds", "2", "--html", page)
    assert run(monkeypatch, "benchmark", *models, *options, "--json") == 0
    out = capsys.readouterr().out
    report = json.loads(out)
    schema = json.loads((files("edge_cifar.benchmarks.report") / "schema.json").read_text())
    Draft202012Validator(schema).validate(report)
    assert len(out) < 300_000
    assert sum(report["models"][1]["accuracy"]["confusion"]["images"]) == PHOTOS
    assert report["original"]["model"] == str(theirs)
    assert report["original"]["net_ms"]["p50"] > 0

    text = Elements(page.read_text()).text
    assert page.stat().st_size < 400_000
    assert "of 1000 classes" not in text  # only of those that have photos
    assert "cells are not 0" not in text
    for words in ("answered as", "against the original file", str(theirs), "Most often class "):
        assert words in text

    (tmp_path / "a.json").write_text(out)
    assert run(monkeypatch, "compare-benchmarks", tmp_path / "a.json", tmp_path / "a.json") == 0
    compared = capsys.readouterr().out
    assert "top-1, %" in compared
    assert len(compared) < 5_000


def test_a_file_that_takes_no_such_image_is_one_line(
    monkeypatch: pytest.MonkeyPatch, theirs: Path, tiny_int8_model: Path
) -> None:
    line = str(run(monkeypatch, "benchmark", tiny_int8_model, "--against", theirs))
    assert "theirs.onnx: it takes tensor(float) ['N', 3, 4, 4], but one image of 32 pixels" in line
