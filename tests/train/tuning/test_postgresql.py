"""A search by two workers on PostgreSQL, one of which is killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from dark_and_light import dark_and_light
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.tuning.study import open_storage
from optuna.trial import TrialState

DEBIAN = "/usr/lib/postgresql"  # whose programs are in no PATH


def _program(name: str) -> str:
    folders = [str(folder) for folder in sorted(Path(DEBIAN).glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ["PATH"]]))
    if not found:
        pytest.skip(f"no PostgreSQL is installed ({name})")
    return found


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database in a server of its own, which listens on a socket in its folder only."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, postgres = _program("initdb"), _program("postgres")
    user = "postgres" if os.geteuid() == 0 else None  # root is refused
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the name of a socket has little room
    if user:
        shutil.chown(folder, user)
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "anybody", "-A", "trust", "--no-sync"],
        user=user,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    server = subprocess.Popen(
        [postgres, "-D", folder / "data", *options], user=user, cwd=folder, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr
    for line in server.stderr:
        if "ready to accept connections" in line:
            break
    yield f"postgresql+psycopg://anybody@/postgres?host={folder}"
    server.send_signal(signal.SIGINT)  # disconnects who is left
    server.communicate(timeout=60)
    shutil.rmtree(folder)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe for a few photos, dark and light."""
    dark_and_light(tmp_path / "photos")
    made = Recipe(data=str(tmp_path / "photos"), net="single", size=8, augment="none", amp=False)
    path = tmp_path / "recipe.toml"
    path.write_text(made.to_toml())
    return path


def _worker(database: str, recipe: Path, out: Path, trials: int) -> "subprocess.Popen[str]":
    arguments = ["--config", recipe, "--epochs", "1", "--trials", trials, "--storage", database, "--out", out]
    return subprocess.Popen(
        [sys.executable, "-m", "edge_cifar.edge", "tune", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_trial(worker: "subprocess.Popen[str]") -> None:
    assert worker.stderr
    assert any(line.startswith("trial ") for line in worker.stderr)


@pytest.mark.slow
def test_a_killed_worker_s_trial_counts_for_nothing_and_the_other_goes_on(
    database: str, recipe: Path, tmp_path: Path
) -> None:
    killed = _worker(database, recipe, tmp_path / "one/search", 1_000)
    _wait_for_trial(killed)
    other = _worker(database, recipe, tmp_path / "other/search", 1_000_000)
    _wait_for_trial(other)
    killed.kill()
    killed.communicate()
    _wait_for_trial(other)
    other.send_signal(signal.SIGTERM)
    _, stderr = other.communicate(timeout=120)
    assert (other.returncode, "the same command goes on" in stderr) == (143, True), stderr
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with open_storage(tmp_path, database) as storage:
        trials = optuna.load_study(study_name="search", storage=storage).trials
    finished = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert len({trial.params["lr_factor"] for trial in finished}) == len(finished) >= 3
    assert len(trials) - len(finished) <= 2  # one in the midst of which each was stopped
    last = _worker(database, recipe, tmp_path / "other/search", len(finished) + 1)
    assert last.communicate(timeout=120)[1].count("\ntrial ") == 1
    assert (tmp_path / "other/search/best.toml").exists()
