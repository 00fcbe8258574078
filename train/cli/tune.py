"""`edge-cifar tune`: search for a better recipe. The same command goes on after a stop, and joins from elsewhere."""

import json
import math
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from optuna.trial import FrozenTrial, TrialState

from ...edge.cli.options import AsJson
from ...edge.errors import RunError
from ..data.run_data import load_recipe_data
from ..loop.device import choose_device
from ..loop.stop_signals import Stopped, StopSignals
from ..recipe.recipe import make_recipe, read_toml, recipe_name
from ..tuning.best_recipe import write_best, write_findings
from ..tuning.optuna_search import ENDED, Search
from ..tuning.search_space import SPACE, changed, field, space
from ..tuning.study import check_study, open_storage, open_study
from .recipe_options import Config, Device, RecipeName, recipe_option

RECIPES_OWN = "the recipe's"
LONGEST = 10  # epochs of a trial, unless asked for more


def tune(
    recipe: RecipeName = None,
    config: Config = None,
    data: Annotated[str | None, recipe_option("data", RECIPES_OWN)] = None,
    net: Annotated[str | None, recipe_option("net", RECIPES_OWN)] = None,
    names: Annotated[
        str | None,
        typer.Option(
            "--search",
            help=f"What to search, with commas between: {', '.join(SPACE)}.  [default: all that the net has]",
            metavar="NAMES",
            rich_help_panel="Search",
        ),
    ] = None,
    trials: Annotated[
        int, typer.Option(help="Finished trials, of all workers together, to end at.", min=1, metavar="N")
    ] = 30,
    epochs: Annotated[
        int | None, recipe_option("epochs", f"the recipe's, at most {LONGEST} for each trial", min=1)
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Begin no trial after so many minutes.  [default: go on]", min=0, metavar="X"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the study, which has its name, to this folder.  [default: runs/tune-<net>]",
            rich_help_panel="Study",
        ),
    ] = None,
    storage: Annotated[
        str | None, typer.Option(help="Optuna storage URL.  [default: SQLite in the folder]", metavar="URL")
    ] = None,
    seed: Annotated[int | None, recipe_option("seed", RECIPES_OWN)] = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Search for a better recipe; see `edge-cifar tune --help`."""
    given = {name: value for name, value in (("data", data), ("net", net), ("seed", seed)) if value is not None}
    try:
        options = read_toml(config) if config else {}
        made = make_recipe(recipe_name(recipe, options), options, given)
        drawn = space(made, names.split(",") if names is not None else None)
        length = epochs or min(made.epochs, LONGEST)
        replace(made, epochs=length)  # refused now, not in a trial
        if minutes is not None and not math.isfinite(minutes):
            raise RunError(f"--minutes {minutes}: no length of time")
    except RunError as error:
        raise typer.BadParameter(str(error)) from error
    folder = out or Path("runs") / f"tune-{made.net}"
    check_study(folder)
    chosen = choose_device(device)
    dataset = load_recipe_data(made)
    folder.mkdir(parents=True, exist_ok=True)
    with open_storage(folder, storage) as opened:
        study = open_study(opened, folder, made, length, tuple(drawn), dataset)
        search = Search(study, made, length, drawn, dataset, chosen)
        _run(search, folder, trials, math.inf if minutes is None else minutes)
        found = write_findings(search, folder)
    typer.echo(json.dumps(asdict(found)) if as_json else found.text())


def _run(search: Search, folder: Path, trials: int, minutes: float) -> None:
    """Search, and show each trial. When stopped, leave with what was best so far written."""
    _say(
        f"{', '.join(search.space)} of {search.recipe.net} on {search.dataset.name}: {len(search.dataset.train)} "
        f"training and {len(search.dataset.val)} validation images, {search.epochs} epochs a trial, "
        f"{len(search.finished)} of {trials} trials finished, on {search.device.type}, into {folder}"
    )
    try:
        with StopSignals() as stop:
            search.run(trials, 60 * minutes, stop, lambda trial: _keep(search, folder, trial))
    except Stopped:
        _take_leave(search, stop)


def _keep(search: Search, folder: Path, trial: FrozenTrial) -> None:
    """Show a trial, and write its recipe if none was better."""
    best = trial.state is TrialState.COMPLETE and search.study.best_trial.number == trial.number
    if best:
        write_best(search, folder)
    _say(_line(search, trial, best))


def _line(search: Search, trial: FrozenTrial, is_best: bool) -> str:
    accuracy = "" if trial.value is None else f" {trial.value:.2%}"
    best = " *" if is_best else ""
    ended = f" {trial.user_attrs.get(ENDED, 'pruned')} at {trial.last_step or 0}/{search.epochs} epochs"
    if trial.state is TrialState.COMPLETE:
        ended = ""
    recipe = changed(search.recipe, trial.params)
    settings = ", ".join(f"{field(name)} {getattr(recipe, field(name))}" for name in search.space)
    seconds = 0.0 if trial.duration is None else trial.duration.total_seconds()
    return f"trial {trial.number}:{accuracy}{best}{ended}  {settings}  {seconds:.1f} s"


def _take_leave(search: Search, stop: StopSignals) -> NoReturn:
    _say(f"stopped at {len(search.finished)} trials; the same command goes on")
    if stop.received is signal.SIGTERM:
        sys.exit(128 + signal.SIGTERM)
    raise KeyboardInterrupt


def _say(line: str) -> None:
    typer.echo(line, err=True)
