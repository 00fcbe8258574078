"""`edge-cifar train` from outside: what it refuses, and how it stops."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.train.run import open_run
from PIL import Image

TRAIN = [sys.executable, "-m", "edge_cifar.edge", "train"]


def train(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TRAIN, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def _dataset(root: Path, classes: dict[str, int]) -> None:
    for split in ("train", "test"):
        for label, count in classes.items():
            (root / split / label).mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (8, 8), (i, 0, 0)).save(root / split / label / f"{i}.png")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"cat": 3}, "a classifier needs at least two"),
        ({"cat": 3, "dog": 0}, "no readable photo in this class folder"),
        ({"cat": 1, "dog": 3}, "too few to cut a validation split from"),
    ],
)
def test_a_dataset_that_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, classes: dict[str, int], message: str
) -> None:
    _dataset(tmp_path / "pets", classes)
    done = train("--data", "pets", cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--data", "nowhere"], 1, "nowhere: no such dataset folder"),
        (["--data", "synthetic", "--net", "resnet"], 1, "choose from batchnorm"),
        (["--epochs", "0"], 2, "--epochs"),
        (["--device", "tpu"], 2, "--device"),
        (["--data", "synthetic", "--out", "/dev/null/run"], 1, "cannot write"),
    ],
)
def test_wrong_usage_is_one_clear_message(tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    done = train(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json").write_text("{}")
    done = train("--data", "synthetic", "--out", "run", cwd=tmp_path)
    assert done.returncode == 1
    assert "already holds a run" in done.stderr


def test_unreadable_photos_are_named_and_left_out(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    (tmp_path / "pets/train/cat/notes.jpg").write_text("not a photo")
    done = train("--data", "pets", "--epochs", "1", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0
    assert "left out: pets/train/cat/notes.jpg: not a photo" in done.stderr
    assert open_run(tmp_path / "run").data["splits"]["train"]["n"] == 8


def test_ctrl_c_keeps_the_best_weights_so_far(tmp_path: Path) -> None:
    command = [*TRAIN, "--data", "synthetic", "--epochs", "1000", "--out", "run"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "stopped; the best weights so far (epoch 1," in rest
    assert "Traceback" not in rest
    assert open_run(tmp_path / "run").load_net()
    assert (tmp_path / "run/curves.png").exists()
