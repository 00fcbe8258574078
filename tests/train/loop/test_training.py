import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import RunError
from edge_cifar.train.loop import training as training_module
from edge_cifar.train.loop.stop_signals import Stopped, StopSignals
from edge_cifar.train.loop.training import READ_EVERY, Training
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.checkpoint import CHECKPOINT
from edge_cifar.train.runs.run_folder import Run
from stopped_training import CPU, new_run, train_stopped

# 20 steps an epoch; every kind of state that a checkpoint must hold.
RECIPE = Recipe(
    data="synthetic",
    net="plain-dropout",
    epochs=3,
    batch_size=10,
    optimizer="adamw",
    lr=0.002,
    schedule="plateau",
    ema=0.9,
    augment="crop=4,flip,cutout=8,mixup=0.5",
)


def _same_bytes(tmp_path: Path, recipe: Recipe, synthetic: LabelledImages, stops: list[tuple[int, int]]) -> None:
    whole, stopped = (new_run(tmp_path / name, recipe, synthetic.labels) for name in ("whole", "stopped"))
    train_stopped(whole, synthetic, synthetic, [])
    train_stopped(stopped, synthetic, synthetic, list(stops))
    assert (whole.folder / "weights.safetensors").read_bytes() == (stopped.folder / "weights.safetensors").read_bytes()
    rows = [[{**row, "seconds": 0} for row in run.history()] for run in (whole, stopped)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    "stops",
    [
        [(1, 2 * READ_EVERY)],  # after an epoch, before its validation
        [(2, READ_EVERY)],  # in the middle of one
        [(2, READ_EVERY), (2, 2 * READ_EVERY), (3, READ_EVERY)],  # again and again
        [(1, READ_EVERY)],  # before there are any weights
    ],
)
def test_a_stopped_training_comes_to_the_same_bytes(
    tmp_path: Path, synthetic: LabelledImages, stops: list[tuple[int, int]]
) -> None:
    _same_bytes(tmp_path, RECIPE, synthetic, stops)


@pytest.mark.parametrize("optimizer", ["sgd", "muon"])
def test_a_stopped_training_with_batchnorm_and_momentum_comes_to_the_same_bytes(
    tmp_path: Path, synthetic: LabelledImages, optimizer: str
) -> None:
    few = synthetic.take(np.arange(60, dtype=np.int64))
    recipe = Recipe(data="synthetic", epochs=2, batch_size=4, optimizer=optimizer)
    _same_bytes(tmp_path, recipe, few, [(1, READ_EVERY), (2, READ_EVERY)])


def test_a_checkpoint_of_another_net_or_a_damaged_one_is_refused(tmp_path: Path, synthetic: LabelledImages) -> None:
    run = new_run(tmp_path / "run", RECIPE, synthetic.labels)
    Training(RECIPE, synthetic, CPU).save(run)
    with pytest.raises(RunError, match=r"checkpoint.safetensors: not of this run"):
        Training(replace(RECIPE, net="single", ema=0.0), synthetic, CPU).restore(run)
    path = run.folder / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"checkpoint.safetensors: damaged .* delete it"):
        Training(RECIPE, synthetic, CPU).restore(run)


def test_the_plateau_schedule_follows_the_validation_losses(synthetic: LabelledImages) -> None:
    training = Training(replace(RECIPE, warmup=0.0), synthetic, CPU)
    assert training.learning_rate(0) == RECIPE.lr
    for _ in range(5):
        training.next_epoch(val_loss=1.0, val_accuracy=0.5)
    assert training.learning_rate(0) == pytest.approx(0.3 * RECIPE.lr)


def test_a_loss_of_the_users_own_is_what_is_minimized(synthetic: LabelledImages) -> None:
    training = Training(replace(RECIPE, augment="none"), synthetic, CPU, lambda logits, _targets, _pixels: logits.sum())
    first, _ = training.run_epoch(lambda _step: None)
    training.next_epoch(0, 0)
    second, _ = training.run_epoch(lambda _step: None)
    assert second < first


def test_views_come_again_after_so_many_epochs_as_they_were(synthetic: LabelledImages) -> None:
    seen: list[torch.Tensor] = []

    def loss(logits: torch.Tensor, _targets: object, pixels: torch.Tensor) -> torch.Tensor:
        seen.append(pixels)
        return logits.sum() * 0

    training = Training(replace(RECIPE, views=2), synthetic, CPU, loss)
    for _ in range(3):
        training.run_epoch(lambda _step: None)
        training.next_epoch(0, 0)
    first, second, third = (torch.cat(epoch) for epoch in (seen[:20], seen[20:40], seen[40:]))
    assert torch.equal(first, third)
    assert not torch.equal(first, second)


def test_evaluation_does_not_change_the_net(synthetic: LabelledImages) -> None:
    training = Training(RECIPE, synthetic, CPU)
    before = {name: tensor.clone() for name, tensor in training.net.state_dict().items()}
    training.evaluate(synthetic)
    assert all(torch.equal(before[name], tensor) for name, tensor in training.net.state_dict().items())


def test_evaluation_stops_when_asked(synthetic: LabelledImages) -> None:
    stop = StopSignals()
    stop.received = signal.SIGINT
    with pytest.raises(Stopped):
        Training(RECIPE, synthetic, CPU).evaluate(synthetic, stop)


def test_float16_scales_the_loss_and_goes_on_with_its_scale(
    tmp_path: Path, synthetic: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_module, "autocast_dtype", lambda _device: torch.float16)  # as on an older GPU
    few = synthetic.take(np.arange(60, dtype=np.int64))
    recipe = Recipe(data="synthetic", net="nano", width=0.5, epochs=2, batch_size=4, lr=0.02)
    _same_bytes(tmp_path, recipe, few, [(1, READ_EVERY), (2, READ_EVERY)])
    run = Run(tmp_path / "stopped", recipe, {"labels": few.labels}, {})
    begun, gone_on = Training(recipe, few, CPU), Training(recipe, few, CPU)
    begun.run_epoch(lambda _step: None)
    assert 0 < begun._scaler.get_scale() < gone_on._scaler.get_scale()  # the first steps overflow
    begun.save(run)
    gone_on.restore(run)
    assert gone_on._scaler.state_dict() == begun._scaler.state_dict()
