import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_machine_that_computes_rightly_is_exit_0(run: Run, tiny_int8_model: Path) -> None:
    done = run("doctor", tiny_int8_model)
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[1]: line for line in done.stdout.splitlines()}
    assert lines["verify"].startswith("good  verify       right: 16 of 16")
    assert lines["model"].startswith("good  model        fp32, opset 13, IR 7: read by onnxruntime 1.17")
    assert {"cpu", "int8", "system", "cores", "memory", "clock", "heat", "power"} <= lines.keys()


def test_json_is_one_object_with_everything(run: Run, tiny_int8_model: Path) -> None:
    done = run("doctor", tiny_int8_model, "--json")
    report = json.loads(done.stdout)
    assert report["passed"] is True
    assert report["verification"]["passed"] is True
    assert report["machine"]["cores"] >= 1
    assert report["int8"]["pays"] in ("yes", "somewhat", "no")
    assert {"topic", "state", "words"} == report["findings"][0].keys()


def test_a_model_that_cannot_be_read_is_bad(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"GIF89a")
    done = run("doctor", tmp_path / "bad.onnx", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert done.stderr == "edge-cifar doctor: not well: model; see above\n"
    assert (report["passed"], report["verification"]) == (False, None)
    assert report["findings"][-1]["words"].endswith("bad.onnx: not an ONNX model, or damaged; copy it again")


def test_a_file_that_carries_nothing_to_verify_is_bad(run: Run, small_model: Path) -> None:
    done = run("doctor", small_model)
    assert done.returncode == 1
    assert "BAD   verify" in done.stdout
    assert "carries no golden logits to verify" in done.stdout


def test_an_onnxruntime_that_dies_here_is_named_with_its_last_words(
    run: Run, tiny_int8_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir()
    dying = f"import os\nos.write(2, b'terminate called\\n')\nos.kill(os.getpid(), {int(signal.SIGILL)})\n"
    (tmp_path / "library" / "onnxruntime.py").write_text(dying)
    done = run("doctor", tiny_int8_model, PYTHONPATH=str(tmp_path / "library"))
    assert (done.returncode, done.stderr) == (1, "edge-cifar doctor: not well: onnxruntime; see above\n")
    assert "dies here (SIGILL); install another release: terminate called" in done.stdout


def test_a_missing_onnxruntime_is_named_with_the_fix(run: Run, tiny_int8_model: Path, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "onnxruntime.py").write_text("raise ModuleNotFoundError(\"No module named 'onnxruntime'\")")
    done = run("doctor", tiny_int8_model, PYTHONPATH=str(tmp_path / "library"))
    assert done.returncode == 1
    assert "onnxruntime can't be loaded (No module named 'onnxruntime'); run: pip install onnxruntime" in done.stdout
