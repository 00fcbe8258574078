from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import RunError
from edge_cifar.train.loop.epochs import Epoch, fit
from edge_cifar.train.loop.stop_signals import StopSignals
from edge_cifar.train.loop.training import Training
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run

CPU = torch.device("cpu")
QUICK = Recipe(data="synthetic", net="single", epochs=3, batch_size=20)


def _run(folder: Path, recipe: Recipe, labels: tuple[str, ...]) -> Run:
    run = Run(folder, recipe, {"name": "synthetic", "labels": list(labels), "splits": {}}, {})
    run.create()
    return run


def _fit(folder: Path, recipe: Recipe, train: LabelledImages, val: LabelledImages) -> tuple[Run, list[Epoch]]:
    run = _run(folder, recipe, train.labels)
    epochs: list[Epoch] = []
    fit(Training(recipe, train, CPU), run, val, StopSignals(), lambda _step: None, epochs.append)
    return run, epochs


def test_training_learns_and_logs_every_epoch(tmp_path: Path, synthetic: LabelledImages) -> None:
    run, epochs = _fit(tmp_path / "run", replace(QUICK, net="batchnorm"), synthetic, synthetic)
    assert [row["epoch"] for row in run.history()] == [1, 2, 3]
    assert epochs[-1].train_loss < epochs[0].train_loss
    assert epochs[-1].train_accuracy > 0.15  # chance is 0.1


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path: Path, synthetic: LabelledImages
) -> None:
    once = replace(QUICK, epochs=1)
    runs = [
        _fit(tmp_path / str(i), replace(once, seed=seed), synthetic, synthetic)[0] for i, seed in enumerate((0, 0, 1))
    ]
    first, again, other = ((run.folder / "weights.safetensors").read_bytes() for run in runs)
    assert first == again
    assert first != other


def test_the_weights_of_the_best_validation_epoch_are_kept(tmp_path: Path, synthetic: LabelledImages) -> None:
    run, epochs = _fit(tmp_path / "run", QUICK, synthetic, synthetic)
    best = max(epochs, key=lambda row: row.val_accuracy)
    assert run.kept_epoch() == (best.epoch, best.val_accuracy)
    training = Training(QUICK, synthetic, CPU)
    training.net.load_state_dict(run.load_net().state_dict())
    _, logits = training.evaluate(synthetic)
    assert float((logits.argmax(1) == synthetic.targets).mean()) == best.val_accuracy


def test_a_loss_that_is_not_a_number_stops_with_advice(tmp_path: Path, synthetic: LabelledImages) -> None:
    with pytest.raises(RunError, match=r"the likely cause is --weight-decay .* or --lr 1e\+09"):
        _fit(tmp_path / "run", replace(QUICK, lr=1e9, epochs=2), synthetic, synthetic)


def test_a_last_batch_of_one_image_trains(tmp_path: Path, synthetic: LabelledImages) -> None:
    few = synthetic.take(np.arange(21, dtype=np.int64))
    _, epochs = _fit(tmp_path / "run", replace(QUICK, epochs=1), few, few)
    assert np.isfinite(epochs[0].train_loss)


def test_the_weights_of_the_last_epoch_are_kept_where_asked(tmp_path: Path, synthetic: LabelledImages) -> None:
    recipe = replace(QUICK, keep="last", early_stopping=2, lr=0.0)  # which never improves
    run, epochs = _fit(tmp_path / "run", recipe, synthetic, synthetic)
    assert run.kept_epoch() == (len(epochs), epochs[-1].val_accuracy)
    assert len(epochs) > 1


def test_early_stopping_ends_training_and_keeps_the_best_weights(tmp_path: Path, synthetic: LabelledImages) -> None:
    recipe = replace(QUICK, epochs=50, early_stopping=2, lr=0.0)  # which never improves
    run, epochs = _fit(tmp_path / "run", recipe, synthetic, synthetic)
    assert len(epochs) == 3
    assert run.kept_epoch()[0] == 1


def test_averaged_weights_are_validated_and_kept(tmp_path: Path, synthetic: LabelledImages) -> None:
    recipe = replace(QUICK, epochs=1, ema=0.9)
    training = Training(recipe, synthetic, CPU)
    run = _run(tmp_path / "run", recipe, synthetic.labels)
    fit(training, run, synthetic, StopSignals(), lambda _step: None, lambda _epoch: None)
    kept, last, average = (net.state_dict() for net in (run.load_net(), training.net, training.best_net))
    assert all(torch.equal(kept[name], average[name]) for name in kept)
    assert not all(torch.equal(kept[name], last[name]) for name in kept)
