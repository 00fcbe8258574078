from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.train.loop import Epoch, Training, choose_device, fit
from edge_cifar.train.recipe import Recipe
from edge_cifar.train.run import Run

CPU = torch.device("cpu")
QUICK = Recipe(epochs=3, batch_size=20)


def _fit(folder: Path, recipe: Recipe, train: LabelledImages, val: LabelledImages) -> tuple[Run, list[Epoch]]:
    run = Run(folder, recipe, {"name": "synthetic", "labels": list(train.labels), "splits": {}}, {})
    run.create()
    epochs: list[Epoch] = []
    fit(run, train, val, CPU, lambda _step: None, epochs.append)
    return run, epochs


def test_training_learns_and_logs_every_epoch(tmp_path: Path, synthetic: LabelledImages) -> None:
    run, epochs = _fit(tmp_path / "run", QUICK, synthetic, synthetic)
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
    assert run.best_epoch() == (best.epoch, best.val_accuracy)
    training = Training(QUICK, synthetic, CPU)
    training.net.load_state_dict(run.load_net().state_dict())
    _, predicted = training.evaluate(synthetic)
    assert float((predicted == synthetic.targets).mean()) == best.val_accuracy


def test_a_loss_that_is_not_a_number_stops_with_advice(tmp_path: Path, synthetic: LabelledImages) -> None:
    with pytest.raises(RunError, match="try a lower --lr than 1e\\+30"):
        _fit(tmp_path / "run", replace(QUICK, lr=1e30, epochs=2), synthetic, synthetic)


def test_a_last_batch_of_one_image_trains(tmp_path: Path, synthetic: LabelledImages) -> None:
    few = synthetic.take(np.arange(21, dtype=np.int64))
    _, epochs = _fit(tmp_path / "run", replace(QUICK, epochs=1), few, few)
    assert np.isfinite(epochs[0].train_loss)


def test_evaluation_does_not_change_the_net(synthetic: LabelledImages) -> None:
    training = Training(QUICK, synthetic, CPU)
    before = {name: tensor.clone() for name, tensor in training.net.state_dict().items()}
    training.evaluate(synthetic)
    assert all(torch.equal(before[name], tensor) for name, tensor in training.net.state_dict().items())


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(RunError, match="--device cuda: none found"):
        choose_device("cuda")
    assert choose_device("cpu") == CPU
