"""An Optuna study that any number of workers share: opened or made in a storage, and the same for all of them."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import OptunaError
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from ..edge.errors import RunError

DATABASE = "study.db"
LOCK_SECONDS = 60  # a worker waits so long for another to have written to an SQLite file
SETTING = "setting"  # user attribute of a study
UNPRUNED_TRIALS = 5  # before their median is worth something
TABLES_TRIES = 20


class NumberedSampler(TPESampler):
    """Optuna's TPE with random numbers that depend on the number of the trial only.

    So workers with one seed draw different trials, a study that goes on draws none again, and one worker repeats.
    """

    def __init__(self, seed: int):
        super().__init__(seed=seed)
        self._first_seed = seed

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Start the random numbers of a trial."""
        super().__init__(seed=(self._first_seed + trial.number) % 2**32)
        super().before_trial(study, trial)


def open_study(folder: Path, storage: str | None, setting: Mapping[str, Any], seed: int, epochs: int) -> optuna.Study:
    """Return the study named like `folder`, made if it isn't there, with trials of `epochs` epochs.

    It lies in the Optuna storage at an URL, or in an SQLite file in the folder. `setting` is what all its trials have
    in common, as JSON. Raises RunError when it began with another one.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = _create(
        storage or _sqlite(folder),
        study_name=folder.resolve().name,
        direction="maximize",
        load_if_exists=True,
        sampler=NumberedSampler(seed),
        # The rate rises in the first epochs, which say little.
        pruner=MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=1 + epochs // 4),
    )
    began = study.user_attrs.get(SETTING)
    if began is None:
        study.set_user_attr(SETTING, dict(setting))
    else:
        _require_equal(folder, began, setting)
    return study


@contextmanager
def storage_errors(folder: Path, storage: str | None) -> Iterator[None]:
    """Within it, what a storage fails with is raised as RunError."""
    name = f"--storage {re.sub('//.*@', '//', storage)}" if storage else str(folder / DATABASE)  # no password is shown
    try:
        yield
    except (OptunaError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise RunError(f"{name}: cannot be used as a storage of trials ({reason})") from error


def _create(storage: str, **options: Any) -> optuna.Study:
    """Do what `optuna.create_study` does, also when two workers make the tables of a storage at the same moment."""
    for left in reversed(range(TABLES_TRIES)):
        try:
            return optuna.create_study(storage=storage, **options)
        except DBAPIError as error:
            if not left or not (isinstance(error, IntegrityError) or "already exists" in str(error)):
                raise
            time.sleep(0.1)
        except (ImportError, ValueError) as error:  # of a database without a driver, or none at all
            raise OptunaError(str(error)) from error
    raise AssertionError("unreachable")


def _sqlite(folder: Path) -> str:
    """Return the URL of the folder's own database."""
    url = URL.create("sqlite", database=str(folder / DATABASE), query={"timeout": str(LOCK_SECONDS)})
    return url.render_as_string()


def _require_equal(folder: Path, began: Mapping[str, Any], setting: Mapping[str, Any]) -> None:
    different = [name for name in {**began, **setting} if began.get(name) != setting.get(name)]
    if different:
        values = ", ".join(f"{name} {began.get(name)}, not {setting.get(name)}" for name in different)
        raise RunError(f"{folder}: this study began with {values}; give it the same, or choose another --out")
