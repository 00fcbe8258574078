"""`edge-cifar train` from good weights: two stages, planned where nobody has chosen, and recorded."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .test_train import train

pytestmark = pytest.mark.usefixtures("cache")
START = ("--data", "pets", "--net", "single", "--size", "8", "--init", "first", "--recipe", "finetune")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with photos of two classes in `pets`, and a run of one epoch in `first`."""
    random = np.random.RandomState(0)
    for split, count in (("train", 24), ("test", 6)):
        for shade, label in ((0, "cat"), (60, "dog")):
            (tmp_path / "pets" / split / label).mkdir(parents=True)
            for i in range(count):
                pixels = (random.randint(0, 180, (8, 8, 3)) + shade).astype(np.uint8)
                Image.fromarray(pixels).save(tmp_path / "pets" / split / label / f"{i}.png")
    first = ("--data", "pets", "--net", "single", "--size", "8", "--augment", "none", "--epochs", "1")
    assert train(*first, "--out", "first", cwd=tmp_path).returncode == 0
    return tmp_path


def _recipe(run: Path) -> dict[str, Any]:
    return tomllib.loads((run / "recipe.toml").read_text())


def test_what_is_left_open_is_planned_said_and_recorded(place: Path) -> None:
    done = train(*START, "--out", "run", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "stage 1: the head, on features of 44 photos in 8 views, about " in done.stderr
    assert "; stage 2: all of the net, 10 epochs, about " in done.stderr
    recipe = _recipe(place / "run")
    assert (recipe["unfreeze_after"], recipe["epochs"], recipe["freeze"]) == (8, 18, 0.0)
    rows = [json.loads(line) for line in (place / "run/metrics.jsonl").read_text().splitlines()]
    assert [row["stage"] for row in rows] == ["head"] * 8 + ["net"] * 10
    again = train("--config", "run/recipe.toml", "--out", "again", cwd=place)
    assert again.returncode == 0, again.stderr
    assert _recipe(place / "again") == recipe
    for name in ("weights.safetensors", "recipe.toml"):
        assert (place / "again" / name).read_bytes() == (place / "run" / name).read_bytes()


def test_the_head_alone_learns_where_all_else_is_frozen(place: Path) -> None:
    done = train(*START, "--freeze", "1", "--unfreeze-after", "2", "--out", "run", cwd=place)
    assert "no stage 2 (--freeze 0.7 trains more of the net" in done.stderr
    assert "epoch 2/2" in done.stderr
    assert train("--resume", "run", "--freeze", "0.5", cwd=place).returncode == 2


def test_all_seeds_follow_the_plan_of_the_first(place: Path) -> None:
    options = (*START, "--unfreeze-after", "1", "--freeze", "1", "--seeds", "2", "--out", "runs")
    done = train(*options, "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    recipes = [_recipe(place / f"runs/seed-{seed}") for seed in (0, 1)]
    assert recipes[0]["epochs"] == 1
    assert recipes[1] == {**recipes[0], "seed": 1}
    assert json.loads((place / "runs/seeds.json").read_text())["recipe"]["epochs"] == 1
    (place / "runs/seed-1/result.json").unlink()  # as if it had been killed
    for again in (train(*options, "--json", cwd=place), train("--resume", "runs", "--json", cwd=place)):
        assert again.returncode == 0, again.stderr
        for name in ("recipe", "mean_test_accuracy"):
            assert json.loads(again.stdout)[name] == json.loads(done.stdout)[name]


def test_stages_of_random_weights_are_refused_in_a_line(place: Path) -> None:
    for options in (("--freeze", "0.5"), ("--unfreeze-after", "3"), ("--recipe", "finetune")):
        refused = train("--data", "pets", *options, "--out", "run", cwd=place)
        assert refused.returncode == 2
        assert "--init" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (place / "run").exists()
