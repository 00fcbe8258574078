import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.cifar import CIFAR10_LABELS
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A photo that `small_model` calls a cat, at logits 0 and -3: 95.3 %."""
    Image.fromarray(np.full((2, 2), 99, np.uint8)).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def test_a_photo_is_one_line_on_stdout(run: Run, small_model: Path, cat: Path) -> None:
    done = run("predict", "--model", small_model, cat)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{cat}: cat 95.3%  (dog 4.7%)\n"


def test_a_model_in_the_package_goes_by_its_name(run: Run, cat: Path) -> None:
    done = run("predict", cat, "--json", "--model", "nano")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["top"][0]["label"] in CIFAR10_LABELS


def test_top_1_shows_one_label(run: Run, small_model: Path, cat: Path) -> None:
    assert run("predict", "--model", small_model, "--top", "1", cat).stdout == f"{cat}: cat 95.3%\n"


def test_json_lines_have_exactly_this_shape(run: Run, small_model: Path, cat: Path) -> None:
    done = run("predict", "--model", small_model, "--json", cat, "missing.jpg")
    assert (done.returncode, done.stderr) == (1, "")
    found, missing = map(json.loads, done.stdout.splitlines())
    probability = 1 / (1 + np.exp(-3))
    digest = hashlib.sha256(small_model.read_bytes()).hexdigest()
    origin = {"model": "model.onnx", "model_sha256": digest[:16], "threshold": 0.0, "tta": False}
    assert found == {
        "path": str(cat),
        "label": "cat",
        "confidence": pytest.approx(probability),
        "top": [
            {"label": "cat", "probability": pytest.approx(probability)},
            {"label": "dog", "probability": pytest.approx(1 - probability)},
        ],
        "guess": "cat",
        "abstained": False,
        **origin,
    }
    assert missing == {"path": "missing.jpg", "error": "missing.jpg: No such file or directory", **origin}


@pytest.fixture
def odd_arguments(tmp_path: Path, cat: Path) -> list[str]:
    """Good and bad arguments: photos, a folder of two photos, an empty folder, nothing, an overlong name."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.jpg").write_text("no photo")
    for name in ("folder/b.png", "folder/a.png", "two\nlines.png"):
        shutil.copy(cat, tmp_path / name)
    shutil.copy(cat, tmp_path / "folder" / ".hidden.png")
    return ["cat.png", "missing.jpg", "folder", "text.jpg", "empty", "two\nlines.png", "x" * 300, "cat.png"]


def test_each_path_is_reported_once_in_order(run: Run, small_model: Path, odd_arguments: list[str]) -> None:
    done = run("predict", "--model", small_model, "--json", *odd_arguments)
    assert done.returncode == 1
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    photos = ["folder/a.png", "folder/b.png"]
    assert [row["path"] for row in rows] == [*odd_arguments[:2], *photos, *odd_arguments[3:]]
    assert [row["path"] for row in rows if "error" in row] == ["missing.jpg", "text.jpg", "empty", "x" * 300]


def test_answers_go_to_stdout_and_failures_to_stderr_a_line_each(
    run: Run, small_model: Path, odd_arguments: list[str]
) -> None:
    done = run("predict", "--model", small_model, *odd_arguments)
    assert done.returncode == 1
    answered = [line.split(": ")[0] for line in done.stdout.splitlines()]
    assert answered == ["cat.png", "folder/a.png", "folder/b.png", r"two\nlines.png", "cat.png"]
    assert [line[:30] for line in done.stderr.splitlines()[:-1]] == [
        "edge-cifar predict: missing.jp",
        "edge-cifar predict: text.jpg: ",
        "edge-cifar predict: empty: a f",
        "edge-cifar predict: xxxxxxxxxx",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_names_that_are_not_utf8_survive(run: Run, small_model: Path, tmp_path: Path, cat: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    shutil.copy(cat, path)
    [line] = run("predict", "--model", small_model, "--json", path).stdout.splitlines()
    assert json.loads(line)["path"] == path.as_uri() == f"file://{tmp_path}/caf%E9.png"
    assert run("predict", "--model", small_model, path).stdout.endswith(r"caf\udce9.png: cat 95.3%  (dog 4.7%)" "\n")


def test_the_newest_export_is_used_and_named_on_stderr(run: Run, small_model: Path, tmp_path: Path, cat: Path) -> None:
    (tmp_path / "runs" / "first").mkdir(parents=True)
    small_model.rename(tmp_path / "runs" / "first" / "model.fp32.onnx")
    (tmp_path / "runs" / "first" / "export.json").write_text('{"default": "model.fp32.onnx"}')
    done = run("predict", cat)
    assert done.stderr == f"model: {Path('runs/first/model.fp32.onnx')}\n"
    assert done.stdout.startswith(f"{cat}: cat")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.onnx", "no such model file"),
        ("", "a folder; name a model file"),
        ("cat.png", "not an ONNX model, or damaged"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line(run: Run, tmp_path: Path, cat: Path, name: str, words: str) -> None:
    done = run("predict", "--model", tmp_path / name, cat)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"edge-cifar predict: {tmp_path / name}: {words}")
    assert done.stderr.count("\n") == 1


def test_below_the_threshold_a_photo_is_unknown_and_the_guess_is_shown(run: Run, small_model: Path, cat: Path) -> None:
    done = run("predict", "--model", small_model, "--threshold", "0.96", cat)
    assert (done.returncode, done.stdout) == (0, f"{cat}: unknown  (cat 95.3%, dog 4.7%)\n")
    done = run("predict", "--model", small_model, "--threshold", "0.96", "--json", cat)
    assert (json.loads(done.stdout)["label"], json.loads(done.stdout)["guess"]) == ("unknown", "cat")


@pytest.mark.parametrize(("threshold", "status"), [("1.5", 2), ("-1", 2), ("nan", 2)])
def test_a_threshold_is_a_probability(run: Run, small_model: Path, cat: Path, threshold: str, status: int) -> None:
    done = run("predict", "--model", small_model, f"--threshold={threshold}", cat)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr


def test_tta_looks_more_than_once(run: Run, tiny_int8_model: Path, photo: Path) -> None:
    once, often = (
        json.loads(run("predict", "--model", tiny_int8_model, "--json", *option, photo).stdout)["confidence"]
        for option in ([], ["--tta"])
    )
    assert once != often


def test_photos_are_annotated_where_they_can_be_read(run: Run, small_model: Path, cat: Path, tmp_path: Path) -> None:
    done = run("predict", "--model", small_model, "--annotate", "drawn", cat.name, "missing.jpg")
    assert done.returncode == 1
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == [cat.name]


def test_one_photo_is_explained(run: Run, small_model: Path, cat: Path, tmp_path: Path) -> None:
    done = run("predict", "--model", small_model, "--explain", "heat.png", cat)
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "heat.png") as image:
        assert image.format == "PNG"
    done = run("predict", "--model", small_model, "--explain", "heat.png", cat, cat)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--explain draws one photo; name just one." in done.stderr


def test_a_drawing_that_cannot_be_written_is_named(run: Run, small_model: Path, cat: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("predict", "--model", small_model, "--explain", "file/heat.png", cat)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("edge-cifar predict: cannot write file/heat.png: ")
