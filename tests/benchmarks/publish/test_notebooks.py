import json
from pathlib import Path

import pytest
from edge_cifar.benchmarks.publish import notebooks as module

VERSIONS = {"torch": "2"}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with a finished run of `single`, as `train` and `export --quantize` leave it."""
    folder = tmp_path / "runs/single"
    folder.mkdir(parents=True)
    result = {"parameters": 66_170, "epochs": 3, "seconds": 61.2, "test_accuracy": 0.665, "test_interval": [0.65, 0.68]}
    export = {
        "files": [{"file": "model.int8.onnx", "test": {"top1": 0.664}}],
        "worth": {"ratio": {"median": 0.9}},
        "default": "model.int8.onnx",
    }
    config = {"recipe": {"seed": 0}, "versions": VERSIONS}
    for name, content in (("config", config), ("result", result), ("export", export)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    return tmp_path / "runs"


def test_a_finished_net_becomes_a_row_of_json_and_of_the_table(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "_edge_cifar", lambda *arguments, **_: commands.append(arguments))
    module.notebooks(net=["single"], runs=runs, out=tmp_path / "notebooks.json")
    assert commands == [("train", "--resume", str(runs / "single"))]  # nothing is trained or exported again
    [row] = json.loads((tmp_path / "notebooks.json").read_text())["rows"]
    assert (row["top1"], row["published"], row["versions"]) == (66.5, 60.0, VERSIONS)
    line = (tmp_path / "notebooks.md").read_text().splitlines()[2]
    assert line == ("| `single` | 66,170 | 0.51 M | 60.0 % | **66.50 %** (65.0 - 68.0) | 66.40 % | 0.90 | 3 | 61 |")


def test_a_net_without_an_int8_file_in_budget_says_so(runs: Path) -> None:
    (runs / "single/export.json").write_text(json.dumps({"files": [], "default": "model.fp32.onnx"}))
    row = module._row("single", runs / "single")
    assert "| none in budget |  |" in module.table([row])[2]
