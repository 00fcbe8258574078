"""What a search draws, and which recipe that makes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from ...edge.errors import RunError
from ..nets.layers import Dropout
from ..recipe.optimizers import OPTIMIZERS
from ..recipe.recipe import Recipe

SPACE: dict[str, FloatDistribution | CategoricalDistribution] = {
    "optimizer": CategoricalDistribution(tuple(OPTIMIZERS)),
    "lr_factor": FloatDistribution(0.03, 3, log=True),  # of the recipe's rate, or of another optimizer's own
    "batch_size": CategoricalDistribution((16, 32, 64, 128, 256, 512)),
    "weight_decay": FloatDistribution(1e-6, 1e-2, log=True),
    "dropout": FloatDistribution(0, 0.6),
    "width_factor": FloatDistribution(0.5, 1.5),  # of the recipe's width
}
NARROWEST, WIDEST = 0.1, 8.0  # what a recipe may have


def space(recipe: Recipe, names: Sequence[str] | None = None) -> dict[str, BaseDistribution]:
    """Return what is to be drawn of `names`, or of all that the net has. Raises RunError for other names."""
    if names is None:
        return {name: SPACE[name] for name in SPACE if name != "dropout" or _dropouts(recipe)}
    for name in names:
        if name not in SPACE:
            raise RunError(f"--search {name}: unknown; choose from {','.join(SPACE)}")
    if "dropout" in names and not _dropouts(recipe):
        raise RunError(f"--search dropout: --net {recipe.net} has no dropout layers; leave it out")
    return {name: SPACE[name] for name in SPACE if name in names}


def field(name: str) -> str:
    """Return the field of a recipe that a draw decides."""
    return name.removesuffix("_factor")


def changed(recipe: Recipe, drawn: Mapping[str, Any]) -> Recipe:
    """Return the recipe with what was drawn, numbers rounded to three digits."""
    settings = dict(drawn)
    optimizer = settings.get("optimizer", recipe.optimizer)
    rate = recipe.lr if optimizer == recipe.optimizer else OPTIMIZERS[optimizer].lr
    settings["lr"] = rate * settings.pop("lr_factor", 1.0)
    settings["width"] = min(max(recipe.width * settings.pop("width_factor", 1.0), NARROWEST), WIDEST)
    for name, value in settings.items():
        settings[name] = float(f"{value:.3g}") if isinstance(value, float) else value
    return replace(recipe, **settings)


def start(recipe: Recipe, names: Sequence[str]) -> dict[str, Any]:
    """Return what would have to be drawn of `names` to make the recipe itself, or what comes nearest to that."""
    dropout = recipe.dropout if recipe.dropout is not None else fmean(_dropouts(recipe) or [0.0])
    near = {
        "optimizer": recipe.optimizer,
        "lr_factor": 1.0,
        "batch_size": recipe.batch_size,
        "weight_decay": recipe.weight_decay,
        "dropout": dropout,
        "width_factor": 1.0,
    }
    return {name: _nearest(SPACE[name], near[name]) for name in names}


def _dropouts(recipe: Recipe) -> list[float]:
    return [layer.rate for layer in recipe.layers if isinstance(layer, Dropout)]


def _nearest(distribution: FloatDistribution | CategoricalDistribution, value: Any) -> Any:
    if isinstance(distribution, FloatDistribution):
        return min(max(value, distribution.low), distribution.high)
    if value in distribution.choices:
        return value
    return min((choice for choice in distribution.choices if isinstance(choice, int)), key=lambda it: abs(it - value))
