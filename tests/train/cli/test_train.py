"""`edge-cifar train` from outside: what it refuses, and how it stops."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.runs.run_folder import open_run
from in_process import run_in_process
from PIL import Image

SMALL = ("--data", "pets", "--net", "single", "--size", "8", "--augment", "none")
LONG = (*SMALL, "--batch-size", "2", "--epochs", "40")  # some seconds, so that it can be stopped in them
TRAIN = [sys.executable, "-m", "edge_cifar.edge", "train"]


def train(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return run_in_process("train", *arguments, cwd=cwd)


def _dataset(root: Path, classes: dict[str, int]) -> None:
    for place, split in enumerate(("train", "test")):
        for label, count in classes.items():
            (root / split / label).mkdir(parents=True)
            for i in range(count):  # no two photos with the same pixels
                Image.new("RGB", (8, 8), (i, place, sum(label.encode()) % 256)).save(root / split / label / f"{i}.png")


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
        (["--data", "synthetic", "--net", "resnet"], 2, "choose from batchnorm"),
        (["--recipe", "best"], 2, "choose from quick, standard, long"),
        (["--augment", "sharpen=3"], 2, "expected any of crop="),
        (["--config", "none.toml"], 2, "cannot read none.toml"),
        (["--data", "synthetic", "--init", "nowhere"], 1, "nowhere: no run here"),
        (["--data", "synthetic", "--teacher", "nowhere"], 1, "nowhere: no run here"),
        (["--data", "synthetic", "--teacher", "nano"], 1, "--teacher nano: was trained on other classes"),
        (["--resume", "nowhere"], 1, "nowhere: no run here"),
        (["--resume", "nowhere", "--out", "there"], 2, "leave out --out"),
        (["--data", "synthetic", "--seed", "4294967295", "--seeds", "2"], 1, "--seed 4294967296: not between"),
        (["--data", "synthetic", "--augment", "crop=32"], 2, "too much for --size 32"),
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
    assert not (tmp_path / "runs").exists()


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json").write_text("{}")
    done = train("--data", "synthetic", "--out", "run", cwd=tmp_path)
    assert done.returncode == 1
    assert "already holds a run; go on with it by --resume run" in done.stderr


def test_a_loss_that_is_no_number_names_its_cause_and_leaves_the_folder_free(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    options = (*SMALL, "--epochs", "3", "--batch-size", "4", "--out", "run")  # two steps an epoch
    done = train(*options, "--weight-decay", "1e9", "--clip", "0", cwd=tmp_path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "the likely cause is --weight-decay 1e+09" in last
    assert last.endswith("run is free for another try")
    again = train(*options, cwd=tmp_path)
    assert (again.returncode, again.stderr.splitlines()[-2][:5]) == (0, "epoch")


def test_a_run_is_told_where_its_data_is_now_and_nothing_that_changes_it(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    options = ("--net", "single", "--size", "8", "--augment", "none", "--epochs", "1")
    assert train("--data", "pets", *options, "--out", "run", cwd=tmp_path).returncode == 0
    (tmp_path / "run/result.json").unlink()  # as if it had been killed in its report
    (tmp_path / "pets").rename(tmp_path / "moved")
    config = json.loads((tmp_path / "run/config.json").read_text())
    config["versions"]["torch"] = "1.0"
    (tmp_path / "run/config.json").write_text(json.dumps(config))
    refused = train("--resume", "run", "--data", "moved", "--epochs", "2", "--lr", "0.1", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--epochs, --lr: a run goes on by its own recipe" in " ".join(refused.stderr.split())
    assert "--init run" in refused.stderr
    done = train("--resume", "run", "--data", "moved", *options, cwd=tmp_path)  # its own options may be repeated
    assert done.returncode == 0, done.stderr
    assert "instead of 1.0: not to the same bits" in done.stderr


def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    options = (*SMALL, "--epochs", "1000000")
    with subprocess.Popen([*TRAIN, *options, "--out", "run"], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        next(line for line in first.stderr if line.startswith("epoch"))
        second = train("--resume", "run", cwd=tmp_path)
        first.kill()
        first.stderr.close()
    assert second.returncode == 1
    assert second.stderr == "edge-cifar train: run: another process is training this run; let it come to an end\n"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE=2 is set, but not RANK, LOCAL_RANK, MASTER_ADDR, MASTER_PORT"),
        (
            {"WORLD_SIZE": "2", "RANK": "x", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
            "RANK=x, LOCAL_RANK=0, MASTER_ADDR=localhost, MASTER_PORT=1: no place among several processes",
        ),
    ],
)
def test_a_rest_of_another_start_in_the_environment_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], message: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = train("--data", "synthetic", cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "unset WORLD_SIZE" in done.stderr
    assert done.stderr.count("\n") == 1


def test_unreadable_photos_are_named_and_left_out(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    (tmp_path / "pets/train/cat/notes.jpg").write_text("not a photo")
    done = train(*SMALL, "--epochs", "1", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0
    assert "left out: pets/train/cat/notes.jpg: not a photo" in done.stderr
    splits = open_run(tmp_path / "run").data["splits"]
    assert splits["train"]["n"] + splits["val"]["n"] == 10


def _stop(cwd: Path, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """Train, send a signal after the first epoch; return the exit status and what was said after it."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*TRAIN, *arguments], cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch"):
                break
        process.send_signal(number)
        rest = process.stderr.read()
        return process.wait(timeout=60), rest


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The weights of a training that was not stopped."""
    folder = tmp_path_factory.mktemp("whole")
    _dataset(folder / "pets", {"cat": 20, "dog": 20})
    assert train(*LONG, "--out", "run", cwd=folder).returncode == 0
    return (folder / "run/weights.safetensors").read_bytes()


def test_a_stopped_training_goes_on_where_it_was(tmp_path: Path, whole: bytes) -> None:
    _dataset(tmp_path / "pets", {"cat": 20, "dog": 20})
    stopped, rest = _stop(tmp_path, signal.SIGINT, *LONG, "--out", "my run")
    assert stopped == 130
    assert "`edge-cifar train --resume 'my run'` goes on from this step" in rest
    assert "Traceback" not in rest
    assert open_run(tmp_path / "my run").load_net()
    assert (tmp_path / "my run/curves.png").exists()
    assert train("--resume", "my run", cwd=tmp_path).returncode == 0
    assert (tmp_path / "my run/weights.safetensors").read_bytes() == whole
    again = train("--resume", "my run", cwd=tmp_path)
    assert "was trained to its end already" in again.stderr
    assert "test accuracy" in again.stdout


def test_a_full_disk_is_one_line_and_the_last_checkpoint_goes_on(tmp_path: Path, whole: bytes) -> None:
    _dataset(tmp_path / "pets", {"cat": 20, "dog": 20})
    stopped, rest = _stop(tmp_path, signal.SIGTERM, *LONG, "--out", "run")
    assert stopped == 143
    assert "goes on from this step" in rest
    script = (
        "import resource, sys; from edge_cifar.edge.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); main()"
    )
    limited = subprocess.run(
        [sys.executable, "-c", script, "train", "--resume", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 1
    assert "cannot write run/" in limited.stderr.splitlines()[-1]
    assert "Traceback" not in limited.stderr
    assert train("--resume", "run", cwd=tmp_path).returncode == 0
    assert (tmp_path / "run/weights.safetensors").read_bytes() == whole


def test_several_seeds_give_a_mean_and_a_spread(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    options = (*SMALL, "--epochs", "2")
    done = train(*options, "--seeds", "2", "--out", "runs", "--json", cwd=tmp_path)
    summary = json.loads(done.stdout)
    accuracies = [run["test_accuracy"] for run in summary["runs"].values()]
    assert list(summary["runs"]) == ["0", "1"]
    assert summary["mean_test_accuracy"] == pytest.approx(sum(accuracies) / 2)
    assert json.loads((tmp_path / "runs/seeds.json").read_text()).items() >= summary.items()
    (tmp_path / "runs/seed-1/result.json").unlink()  # as if it had been killed
    for again in (
        train("--resume", "runs", "--json", cwd=tmp_path),
        train(*options, "--seeds", "2", "--out", "runs", "--json", cwd=tmp_path),
    ):
        assert json.loads(again.stdout) == summary
        assert "runs/seed-0: was trained to its end already" in again.stderr
    other = train(*options, "--lr", "0.01", "--seeds", "2", "--out", "runs", cwd=tmp_path)
    assert "--lr: a run goes on by its own recipe" in other.stderr


def test_a_run_repeats_from_its_own_recipe(tmp_path: Path) -> None:
    _dataset(tmp_path / "pets", {"cat": 5, "dog": 5})
    options = (*SMALL, "--epochs", "1", "--optimizer", "adam", "--augment", "flip")
    assert train(*options, "--out", "run", cwd=tmp_path).returncode == 0
    assert train("--config", "run/recipe.toml", "--out", "again", cwd=tmp_path).returncode == 0
    for name in ("weights.safetensors", "recipe.toml", "config.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_nets_are_listed_with_their_parameters(tmp_path: Path) -> None:
    lines = train("--list-nets", cwd=tmp_path).stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(NETS)
    assert lines[0].split()[1] == "309,290"
    assert [line.split(maxsplit=3)[3] for line in (lines[0], lines[-1])] == ["32 x 32", "224 x 224"]
