"""`edge-cifar tune` from outside: two workers on one study, stopped, gone on with, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dark_and_light import dark_and_light
from edge_cifar.edge.errors import EdgeCifarError, RunError
from edge_cifar.train.cli.tune import tune
from edge_cifar.train.recipe.recipe import Recipe, make_recipe, read_toml
from typer import BadParameter

RECIPE = Recipe(data="photos", net="single", size=8, augment="none", amp=False, epochs=7)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a user with a few photos, dark and light, and a recipe."""
    dark_and_light(tmp_path / "photos")
    (tmp_path / "recipe.toml").write_text(RECIPE.to_toml())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start_worker() -> subprocess.Popen[str]:
    arguments = ["tune", "--config", "recipe.toml", "--epochs", "1", "--trials", "100000", "--out", "study"]
    return subprocess.Popen(
        [sys.executable, "-m", "edge_cifar.edge", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def read_trials(worker: subprocess.Popen[str], count: int) -> list[int]:
    """Return the numbers of the next trials that a worker tells of."""
    assert worker.stderr is not None
    said, numbers = "", list[int]()
    while len(numbers) < count:
        line = worker.stderr.readline()
        said += line
        assert line, f"ended after saying {said}"
        if line.startswith("trial "):
            numbers.append(int(line.split()[1].rstrip(":")))
    return numbers


def test_two_workers_share_a_study_that_is_stopped_and_gone_on_with(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_worker() as first, start_worker() as second:
        seen = read_trials(first, 2) + read_trials(second, 2)
        assert len(set(seen)) == 4
        first.send_signal(signal.SIGTERM)
        second.send_signal(signal.SIGINT)
        words = [worker.communicate(timeout=120)[1] for worker in (first, second)]
    assert [first.returncode, second.returncode] == [143, 130]
    assert all("the same command goes on" in text and "Traceback" not in text for text in words)
    finished = int(words[0].split("stopped at ")[1].split()[0])
    assert (folder / "study/best.toml").exists()
    assert not (folder / "study/history.png").exists()  # takes time, which a stop hasn't got

    tune(config=Path("recipe.toml"), epochs=1, trials=finished + 4, out=Path("study"), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["trials"] >= finished + 4
    best = make_recipe("standard", read_toml(folder / "study/best.toml"))
    assert (best.net, best.epochs) == ("single", 7)  # the recipe's own, not a trial's
    assert {name: getattr(best, name) for name in found["settings"]} == found["settings"]
    for name in ("history", "importances", "slice"):
        assert (folder / f"study/{name}.png").read_bytes().startswith(b"\x89PNG")


def test_what_was_found_is_said_and_another_search_in_the_folder_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune(config=Path("recipe.toml"), epochs=1, trials=1, names="width_factor")
    said = capsys.readouterr()
    assert "trial 0: " in said.err
    assert said.out.startswith("best of 1 trials: number 0, ")
    assert said.out.endswith("width 1.0\nrecipe runs/tune-single/best.toml\n")
    assert make_recipe("standard", read_toml(folder / "runs/tune-single/best.toml")) == RECIPE
    with pytest.raises(RunError, match=r"runs/tune-single: this study began with epochs of a trial 1, not 7;"):
        tune(config=Path("recipe.toml"), names="width_factor")


def test_a_search_without_a_whole_trial_says_so(folder: Path) -> None:
    with pytest.raises(RunError, match="study: no trial has come to its end yet"):
        tune(config=folder / "recipe.toml", minutes=0, out=Path("study"))


def test_a_search_in_which_all_diverged_says_what_to_change(folder: Path) -> None:
    wild = replace(RECIPE, lr=1e9, clip=0.0, schedule="constant", warmup=0.0)
    (folder / "wild.toml").write_text(wild.to_toml())
    with pytest.raises(RunError, match=r"all 2 trials came to nothing \(diverged\); begin with a recipe of smaller lr"):
        tune(config=Path("wild.toml"), names="weight_decay", trials=2, epochs=5, out=Path("study"))


@pytest.mark.parametrize("name", ["best.toml", "slice.png"])
def test_a_file_of_the_users_own_is_met_before_the_search(folder: Path, name: str) -> None:
    (folder / "study").mkdir()
    (folder / "study" / name).write_text("my own")
    with pytest.raises(EdgeCifarError, match=f"{name}: exists, not as edge-cifar wrote it"):
        tune(config=Path("recipe.toml"), data="nowhere", out=Path("study"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": "dropout", "net": "single"}, "--search dropout: --net single has no dropout layers"),
        ({"minutes": float("nan")}, "--minutes nan: no length of time"),
        ({"seed": -1}, "--seed -1: not between"),
        ({"epochs": 10**10}, "--epochs 10000000000: not between"),
        ({"names": "lr"}, "--search lr: unknown; choose from optimizer,lr_factor"),
        ({"net": "resnet"}, "--net resnet: unknown"),
        ({"config": Path("none.toml")}, "cannot read none.toml"),
    ],
)
def test_wrong_usage_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        tune(**options)  # type: ignore[arg-type]
