import os
import signal
from dataclasses import replace

import numpy as np
import optuna
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.data.data_scan import Scan
from edge_cifar.train.data.load_splits import Dataset
from edge_cifar.train.loop.stop_signals import Stopped, StopSignals
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.tuning.optuna_search import ENDED, Search
from edge_cifar.train.tuning.search_space import SPACE
from optuna.pruners import ThresholdPruner
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

RECIPE = Recipe(net="single", augment="none", amp=False)


@pytest.fixture
def dataset(synthetic: LabelledImages) -> Dataset:
    """A few images; no test set, which a search has no use for."""
    train, val = synthetic.take(np.arange(0, 200, 5)), synthetic.take(np.arange(1, 200, 10))
    return Dataset("rendered", train, val, None, Scan((), (), {}), None, {})  # type: ignore[arg-type]


def make_search(dataset: Dataset, recipe: Recipe = RECIPE, epochs: int = 1) -> Search:
    study = optuna.create_study(direction="maximize", sampler=RandomSampler(0))
    return Search(study, recipe, epochs, {"weight_decay": SPACE["weight_decay"]}, dataset, torch.device("cpu"))


def run(search: Search, trials: int, seconds: float = 100) -> list[FrozenTrial]:
    shown: list[FrozenTrial] = []
    search.run(trials, seconds, StopSignals(), shown.append)
    return shown


def test_the_search_ends_at_the_number_of_all_trials_or_when_its_time_is_over(dataset: Dataset) -> None:
    search = make_search(dataset)
    first, second = run(search, 2)
    assert first.params != second.params
    assert first.value is not None
    assert (first.value * 20) % 1 == pytest.approx(0)  # of 20 validation images
    assert run(search, 2) == []
    assert [trial.number for trial in run(search, 3)] == [2]
    assert run(search, 9, seconds=0) == []


def test_a_bad_trial_is_cut_short(dataset: Dataset) -> None:
    search = make_search(dataset, epochs=3)
    search.study.pruner = ThresholdPruner(lower=2, n_warmup_steps=2)  # no accuracy is as high
    (trial,) = run(search, 1)
    assert trial.state is TrialState.PRUNED
    assert trial.last_step == 2


def test_a_trial_that_diverges_does_not_end_the_search(dataset: Dataset) -> None:
    trials = run(make_search(dataset, replace(RECIPE, lr=1e9, clip=0.0, schedule="constant", warmup=0.0), 2), 2)
    assert [(trial.state, trial.user_attrs[ENDED]) for trial in trials] == [(TrialState.PRUNED, "diverged")] * 2


def test_a_trial_that_was_interrupted_counts_for_nothing(dataset: Dataset) -> None:
    search = make_search(dataset)
    run(search, 1)
    with StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            search.run(3, 100, stop, lambda _: None)
    assert [trial.state for trial in search.study.trials] == [TrialState.COMPLETE, TrialState.FAIL]
    assert [trial.number for trial in run(search, 3)] == [2, 3]
