"""An Optuna study that any number of workers share: where it lies, and what is the same for all of them."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import OptunaError
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ...edge.errors import RunError
from ..data.load_splits import Dataset
from ..recipe.recipe import Recipe
from ..runs.run_folder import CONFIG, check_own, check_writable
from .search_space import start

DATABASE = "study.db"
BEST, PICTURES = "best.toml", ("history.png", "importances.png", "slice.png")
LOCK_SECONDS = 60  # a worker waits so long for another to have written to an SQLite file
OPEN_TRIES = 20
SETTING = "setting"  # user attribute of a study
PATHS = ("data", "extra")  # options that may differ from machine to machine, as long as the images don't
UNPRUNED_TRIALS = 5  # before their median is worth something


class NumberedSampler(TPESampler):
    """Optuna's TPE with random numbers that depend on the number of the trial only.

    So workers with one seed draw different trials, a study that goes on draws none again, and one worker repeats.
    Trial 0 is `first`.
    """

    def __init__(self, seed: int, first: Mapping[str, Any]):
        super().__init__(seed=seed)
        self._first_seed = seed
        self._first = first

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Start the random numbers of a trial."""
        super().__init__(seed=(self._first_seed + trial.number) % 2**32)
        super().before_trial(study, trial)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return one of the first trial's values, or draw."""
        if trial.number == 0:
            return self._first[param_name]
        return super().sample_independent(study, trial, param_name, param_distribution)


@contextmanager
def open_storage(folder: Path, url: str | None) -> Iterator[RDBStorage]:
    """Open the Optuna storage at `url`, or an SQLite file in `folder`; within it, what fails there is a RunError."""
    name = f"--storage {re.sub('//.*@', '//', url)}" if url else str(folder / DATABASE)  # no password is shown
    own = URL.create("sqlite", database=str(folder / DATABASE), query={"timeout": str(LOCK_SECONDS)})
    try:
        storage = _open(url or own.render_as_string())
        try:
            yield storage
        finally:
            storage.engine.dispose()
    except (OptunaError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise RunError(f"{name}: cannot be used as a storage of trials ({reason})") from error


def open_study(
    storage: RDBStorage, folder: Path, recipe: Recipe, epochs: int, names: Sequence[str], dataset: Dataset
) -> optuna.Study:
    """Return the study in `folder`, or named like it, made if it isn't there: `names` searched in trials of `epochs`.

    The first trial is the recipe itself, or what comes nearest to it. Raises RunError when the study is there but
    began with another recipe, search or data.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=storage,
        study_name=_name(storage, folder),
        direction="maximize",
        load_if_exists=True,
        sampler=NumberedSampler(recipe.seed, start(recipe, names)),
        # The rate rises in the first epochs, which say little.
        pruner=MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=1 + epochs // 4),
    )
    setting = {name: value for name, value in asdict(recipe).items() if name not in PATHS}
    setting |= {"epochs of a trial": epochs, "search": ",".join(names)}
    setting |= {"training images": dataset.train.digest()[:12], "validation images": dataset.val.digest()[:12]}
    began = study.user_attrs.get(SETTING)
    if began is None:
        study.set_user_attr(SETTING, setting)
    else:
        _require_equal(folder, began, setting)
    return study


def check_study(folder: Path) -> None:
    """Raise EdgeCifarError if `folder` holds a run, or what a search would replace, or can't be made."""
    if (folder / CONFIG).exists():
        raise RunError(f"{folder}: holds a run, no search; choose another --out")
    check_own(folder, (BEST, *PICTURES))
    check_writable(folder)


def _name(storage: RDBStorage, folder: Path) -> str:
    """Return the study's name: in the folder's own database that of the one there is, whatever the folder is called."""
    own = storage.engine.url.database == str(folder / DATABASE)
    studies = storage.get_all_studies() if own else []
    return studies[0].study_name if studies else folder.resolve().name


def _open(url: str) -> RDBStorage:
    """Open a storage, also when another worker makes its tables at the same moment."""
    for left in reversed(range(OPEN_TRIES)):
        try:
            # Without a pool: a start that fails would leave a connection in it, open, and nobody to close it.
            return RDBStorage(url, engine_kwargs={"poolclass": NullPool})
        except DBAPIError as error:
            if not left or not (isinstance(error, IntegrityError) or "already exists" in str(error)):
                raise
            time.sleep(0.1)
        except ImportError as error:
            raise OptunaError(str(error)) from error
    raise AssertionError


def _require_equal(folder: Path, began: Mapping[str, Any], setting: Mapping[str, Any]) -> None:
    different = [name for name in {**began, **setting} if began.get(name) != setting.get(name)]
    if different:
        values = ", ".join(f"{name} {began.get(name)}, not {setting.get(name)}" for name in different)
        raise RunError(f"{folder}: this study began with {values}; give it the same, or choose another --out")
