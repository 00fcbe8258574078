from pathlib import Path

import pytest
from edge_cifar.benchmarks.cli.demo_step import run_step
from edge_cifar.edge.cli.progress_line import ERASE
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.errors import RunError


def test_a_step_is_shown_as_typed_and_gives_its_json(tiny_int8_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step = run_step("info", tiny_int8_model)
    assert step.command == f"edge-cifar info {tiny_int8_model}"
    assert capsys.readouterr().err == f"$ {step.command}\n"
    assert step.printed[0]["file"] == str(tiny_int8_model)
    assert step.seconds > 0


def test_what_a_step_says_passes_by_in_one_line_of_a_terminal(
    tiny_int8_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path, per_label=1, seed=0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    step = run_step("predict", tmp_path, "--model", tiny_int8_model)
    shown = capsys.readouterr().err.removeprefix(f"$ {step.command}\n")
    assert "10 photos" in shown
    assert shown.endswith(ERASE)
    assert "\n" not in shown


def test_a_step_that_fails_is_named_after_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match=r"the step 'info' failed .*edge-cifar info 'no where\.onnx'"):
        run_step("info", "no where.onnx")
    assert "no where.onnx: no such model file" in capsys.readouterr().err
