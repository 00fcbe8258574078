"""What a search has come to: the best recipe as TOML, Optuna's pictures, and the figures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from ...edge.errors import RunError
from ...edge.files.atomic_write import write_bytes, write_text
from ..nets.torch_modules import build_net, count_parameters
from .optuna_search import ENDED, Search
from .search_space import changed, field
from .study import BEST


@dataclass(frozen=True)
class Findings:
    """A study in `folder`: so many trials finished, `pruned` of them early, and the best of the others.

    `settings` are the best trial's values of what was searched; `val_accuracy` is the highest of many, and therefore
    a little better than the recipe deserves.
    """

    folder: str
    trials: int
    pruned: int
    best_trial: int
    val_accuracy: float
    parameters: int
    settings: dict[str, Any]
    recipe: str

    def text(self) -> str:
        """Return what is printed where no JSON is asked for."""
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return (
            f"best of {self.trials} trials: number {self.best_trial}, {self.val_accuracy:.2%} on validation, "
            f"{self.parameters:,} parameters\n{settings}\nrecipe {self.recipe}"
        )


def write_best(search: Search, folder: Path) -> None:
    """Write the best recipe into `folder`; it has the epochs that the search began with, not those of a trial."""
    best, trials = search.study.best_trial, len(search.finished)
    header = f"# Trial {best.number}: {best.value:.2%} on validation after {search.epochs} epochs, best of {trials}.\n"
    write_text(folder / BEST, header + changed(search.recipe, best.params).to_toml())


def write_findings(search: Search, folder: Path) -> Findings:
    """Write the best recipe and the pictures into `folder`. Raises RunError when no trial was finished whole."""
    trials = search.finished
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if not complete:
        raise RunError(f"{folder}: {_why_none(search)}")
    write_best(search, folder)
    best = search.study.best_trial
    assert best.value is not None
    recipe = changed(search.recipe, best.params)
    net = build_net(recipe.layers, size=recipe.size, classes=len(search.dataset.train.labels))
    if len(complete) > 1:
        from .study_plots import PLOTS, draw  # matplotlib, slow to import

        for name, plot in PLOTS.items():
            write_bytes(folder / name, draw(plot, search.study))
    return Findings(
        folder=str(folder),
        trials=len(trials),
        pruned=len(trials) - len(complete),
        best_trial=best.number,
        val_accuracy=best.value,
        parameters=count_parameters(net),
        settings={field(name): getattr(recipe, field(name)) for name in search.space},
        recipe=str(folder / BEST),
    )


def _why_none(search: Search) -> str:
    """Return why there is no best trial, and what to do."""
    ends = [trial.user_attrs[ENDED] for trial in search.finished if ENDED in trial.user_attrs]
    if not ends or len(ends) < len(search.finished):
        return "no trial has come to its end yet; give it more --trials or --minutes"
    less = {"diverged": "lr", "out of memory": "batch_size or size"}[ends[0]]
    words = ", ".join(dict.fromkeys(ends))
    return f"all {len(ends)} trials came to nothing ({words}); begin with a recipe of smaller {less} in another --out"
