"""A training whose head is fitted first, on features computed once, before more of the net learns."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.loop.training import READ_EVERY, Training
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run
from stopped_training import CPU, new_run, train_stopped

pytestmark = pytest.mark.usefixtures("cache")
# 12 steps an epoch of the second stage; every kind of state that a checkpoint must hold.
RECIPE = Recipe(
    data="synthetic",
    net="nano",
    width=0.25,
    size=16,
    epochs=4,
    unfreeze_after=2,
    freeze=0.5,
    layer_decay=0.8,
    batch_size=10,
    optimizer="adamw",
    lr=0.002,
    weight_decay=0.1,
    schedule="plateau",
    ema=0.9,
    augment="crop=2,flip",
)


@pytest.fixture
def images() -> tuple[LabelledImages, LabelledImages]:
    """120 training and 40 validation images of dark and light squares."""
    random = np.random.RandomState(0)
    targets = np.arange(160) % 2
    pixels = (random.randint(0, 160, (160, 16, 16, 4)) + 60 * targets[:, None, None, None]).astype(np.uint8)
    both = LabelledImages(pixels, targets, ("dark", "light"), tuple(map(str, range(160))))
    return both.take(np.arange(120)), both.take(np.arange(120, 160))


Images = tuple[LabelledImages, LabelledImages]


def _rows(run: Run) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in run.history()]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    "stops",
    [
        [(1, 1)],  # in the features of the validation images
        [(1, 2), (2, 2)],  # in those of both views
        [(2, 1), (3, READ_EVERY)],
        [(3, 12), (4, READ_EVERY)],  # after an epoch, before its validation
    ],
)
def test_a_stop_in_either_stage_changes_no_bit(
    tmp_path: Path, images: Images, stops: list[tuple[int, int]], kept: bool, cache: Path
) -> None:
    whole, stopped = (new_run(tmp_path / name, RECIPE, ("dark", "light")) for name in ("whole", "stopped"))
    train_stopped(whole, *images, [])
    forget = lambda: None if kept else [path.unlink() for path in cache.rglob("*.npz")]  # noqa: E731
    forget()
    train_stopped(stopped, *images, left := list(stops), forget)
    assert left == []
    assert whole.weights.read_bytes() == stopped.weights.read_bytes()
    assert _rows(whole) == _rows(stopped)


def test_each_epoch_is_of_a_stage_and_the_best_of_both_is_kept(tmp_path: Path, images: Images) -> None:
    run = new_run(tmp_path / "run", replace(RECIPE, lr=0.0), ("dark", "light"))
    train_stopped(run, *images, [])
    rows = run.history()
    assert [(row["epoch"], row["stage"]) for row in rows] == [(1, "head"), (2, "head"), (3, "net"), (4, "net")]
    assert rows[0]["val_accuracy"] > 0.8  # of random features; chance is 0.5
    best = max(rows, key=lambda row: row["val_accuracy"])
    assert run.kept_epoch() == (best["epoch"], best["val_accuracy"])


def test_what_is_frozen_stays_to_the_bit_and_the_rest_learns(tmp_path: Path, images: Images) -> None:
    before = Training(RECIPE, images[0], CPU).net.state_dict()
    training = train_stopped(
        new_run(tmp_path / "run", replace(RECIPE, weight_decay=1.0), ("dark", "light")), *images, []
    )
    same = {name: torch.equal(tensor, before[name]) for name, tensor in training.net.state_dict().items()}
    frozen = [name for name in same if int(name.split(".")[0]) < 14]  # three convolutions of six, with their batchnorm
    assert all(same[name] for name in frozen)
    assert not any(same[name] for name in same if name not in frozen)
    held = {p for group in training.optimizer.param_groups for p in group["params"]}
    assert held == {p for p in training.net.parameters() if p.requires_grad}


def test_all_but_the_head_may_stay(tmp_path: Path, images: Images) -> None:
    before = Training(RECIPE, images[0], CPU).net.state_dict()
    run = new_run(tmp_path / "run", replace(RECIPE, freeze=1.0, unfreeze_after=0, epochs=2), ("dark", "light"))
    training = train_stopped(run, *images, [])
    assert [row["stage"] for row in run.history()] == ["head", "head"]
    moved = [name for name, tensor in training.net.state_dict().items() if not torch.equal(tensor, before[name])]
    assert moved == [f"{len(training.net) - 1}.weight", f"{len(training.net) - 1}.bias"]
    with torch.inference_mode():
        answers = run.load_net()(torch.from_numpy(images[1].images)).argmax(1).numpy()
    assert float((answers == images[1].targets).mean()) == run.kept_epoch()[1]


def test_what_is_evaluated_at_the_end_is_the_head_kept_and_not_the_last(tmp_path: Path, images: Images) -> None:
    run = new_run(tmp_path / "run", replace(RECIPE, freeze=1.0, unfreeze_after=0, epochs=2, ema=0.0), ("dark", "light"))
    training = train_stopped(run, *images, [])
    kept = {name: torch.zeros_like(tensor) for name, tensor in training.net.state_dict().items()}
    training.net.load_state_dict(kept)
    run.save_weights(training.net, epoch=1, val_accuracy=1.0)
    training.take_best(run)
    _, logits = training.evaluate(images[1])
    assert not logits.any()


def test_statistics_stay_where_asked_while_weights_learn(tmp_path: Path, images: Images) -> None:
    training = train_stopped(
        new_run(tmp_path / "run", replace(RECIPE, freeze=0.0, freeze_statistics=True), ("dark", "light")), *images, []
    )
    state = training.net.state_dict()
    assert all(not tensor.any() for name, tensor in state.items() if name.endswith("running_mean"))
    assert not torch.equal(state["1.weight"], Training(RECIPE, images[0], CPU).net.state_dict()["1.weight"])


def test_the_rate_rises_and_falls_in_the_second_stage(images: Images) -> None:
    training = Training(replace(RECIPE, schedule="onecycle"), images[0], CPU)
    plain = Training(replace(RECIPE, schedule="onecycle", unfreeze_after=0, epochs=2), images[0], CPU)
    assert training.learning_rate(0) == 0
    training.epoch = 3
    assert [training.learning_rate(step) for step in range(12)] == [plain.learning_rate(step) for step in range(12)]


def test_the_head_counts_once_where_training_stops_early(images: Images) -> None:
    training = Training(replace(RECIPE, epochs=50, unfreeze_after=3, early_stopping=2), images[0], CPU)
    training.epoch = 5
    training.val_accuracies = [0.9, 0.8, 0.7, 0.6]
    assert not training.finished
    training.val_accuracies = [0.9, 0.8, 0.7, 0.6, 0.9]
    assert training.finished
