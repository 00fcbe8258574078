from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import RunError
from edge_cifar.train.data.data_scan import Scan
from edge_cifar.train.data.load_splits import Dataset
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.tuning.search_space import SPACE, start
from edge_cifar.train.tuning.study import NumberedSampler, open_storage, open_study
from optuna.storages import RDBStorage

BEYOND_CHANCE = 14  # trials: Optuna's first ten are drawn blindly
FIRST = start(Recipe(), tuple(SPACE))


@pytest.fixture
def dataset(synthetic: LabelledImages) -> Dataset:
    return Dataset("here", synthetic, synthetic.take(np.arange(20)), synthetic, Scan((), (), {}), None, {})


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[RDBStorage]:
    with open_storage(tmp_path, None) as opened:
        yield opened


def _drawn(seed: int) -> list[dict[str, object]]:
    study = optuna.create_study(direction="maximize", sampler=NumberedSampler(seed, FIRST))
    for _ in range(BEYOND_CHANCE):
        trial = study.ask(dict(SPACE))
        study.tell(trial, trial.params["dropout"])
    return [trial.params for trial in study.trials]


def test_the_first_trial_is_as_it_is_told() -> None:
    assert _drawn(0)[0] == FIRST


def test_one_worker_repeats_itself_and_another_seed_draws_otherwise() -> None:
    assert _drawn(3) == _drawn(3)
    assert _drawn(3)[-1] != _drawn(4)[-1]


def test_workers_of_one_seed_and_a_study_that_goes_on_draw_other_trials() -> None:
    study = optuna.create_study(direction="maximize")
    drawn = []
    for _ in range(3):
        study.sampler = NumberedSampler(0, FIRST)  # as a process has that joins or goes on
        drawn.append(study.ask(dict(SPACE)).params["lr_factor"])
    assert len(set(drawn)) == 3


def test_a_study_that_began_otherwise_is_not_gone_on_with(
    tmp_path: Path, storage: RDBStorage, dataset: Dataset
) -> None:
    def reopen(recipe: Recipe, names: tuple[str, ...] = ("dropout",), data: Dataset = dataset) -> optuna.Study:
        return open_study(storage, tmp_path, recipe, 3, names, data)

    recipe = Recipe(data="here")
    study = reopen(recipe)
    assert reopen(replace(recipe, data="elsewhere")).study_name == study.study_name == tmp_path.name
    with pytest.raises(RunError, match=r"began with lr 0.15, not 0.2; give it the same, or choose another --out"):
        reopen(replace(recipe, lr=0.2))
    with pytest.raises(RunError, match="search dropout, not optimizer"):
        reopen(recipe, ("optimizer",))
    with pytest.raises(RunError, match="validation images"):
        reopen(recipe, data=replace(dataset, val=dataset.val.take(np.arange(9))))


def test_a_study_goes_on_in_a_folder_that_was_renamed(tmp_path: Path, dataset: Dataset) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir(exist_ok=True)
        with open_storage(tmp_path / name, None) as storage:
            study = open_study(storage, tmp_path / name, Recipe(), 3, ("dropout",), dataset)
            study.tell(study.ask({"dropout": SPACE["dropout"]}), 0.5)
        if name == "old":
            (tmp_path / "old").rename(tmp_path / "new")
    assert [trial.number for trial in study.trials] == [0, 1]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nowhere", "--storage nowhere: cannot be used .*URL"),
        ("redis://me:secret@host/1", "--storage redis://host/1: cannot be used"),
        ("sqlite:////no/such/folder/study.db", "unable to open database file"),
    ],
)
def test_a_storage_that_cannot_be_used_is_named_without_its_password(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(RunError, match=message) as raised, open_storage(tmp_path, url):
        pass
    assert "secret" not in str(raised.value)


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("no database " * 100)
    with pytest.raises(RunError, match=r"study\.db: cannot be used .*not a database"), open_storage(tmp_path, None):
        pass
