import json
import os
from pathlib import Path

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.shipped_models import FAMILY, SHIPPED, SHIPPED_DEFAULT, default_model, model_file


@pytest.mark.parametrize("name", FAMILY)
def test_a_name_is_the_int8_file_in_the_package(name: str) -> None:
    assert model_file(name) == SHIPPED / f"{name}.int8.onnx"


def test_anything_else_is_a_path() -> None:
    assert model_file("nano.onnx") == Path("nano.onnx")
    assert model_file("./nano") == Path("nano")
    assert model_file(Path("nano")) == Path("nano")


def test_without_runs_the_shipped_model_is_the_default(tmp_path: Path) -> None:
    assert default_model(tmp_path / "runs") == SHIPPED_DEFAULT


def test_the_newest_export_names_the_default(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "older", "oldest")):
        summary = tmp_path / name / "export.json"
        summary.parent.mkdir()
        summary.write_text(json.dumps({"default": f"{name}.onnx"}))
        os.utime(summary, (1e9 - age, 1e9 - age))
    assert default_model(tmp_path) == tmp_path / "newest" / "newest.onnx"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"default": 3}', '{"default": "../../elsewhere.onnx"}'])
def test_a_damaged_export_summary_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "export.json").write_text(text)
    with pytest.raises(ModelError, match=r"export\.json: damaged; export the run again"):
        default_model(tmp_path)
