"""The data of a recipe, and of a run that is there already, proven to be the same."""

from dataclasses import replace

from ..edge.errors import RunError
from .data import Dataset, load_dataset
from .recipe import Recipe
from .run import Run


def load_recipe_data(recipe: Recipe) -> Dataset:
    """Load the data that the recipe names. Raises DataError when it isn't there or can't be used."""
    return load_dataset(recipe.data, recipe.size, recipe.val_fraction, recipe.seed, recipe.extra or None)


def load_run_data(run: Run, data: str | None = None) -> Dataset:
    """Load the data that the run was trained on, from `data` if it has moved.

    Raises RunError when its content has changed since, DataError when it isn't there.
    """
    dataset = load_recipe_data(replace(run.recipe, data=data or run.recipe.data))
    if dataset.describe()["splits"] != run.data["splits"]:
        raise RunError(
            f"{dataset.name}: not the images that {run.folder} was trained on (their hashes differ); "
            "name the right folder with --data, or train again"
        )
    return dataset
