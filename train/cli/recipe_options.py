"""The options of a recipe on the command line, and the order and the groups of all that `train` takes."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import Field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import typer

from ..recipe.recipe import RECIPES, Recipe

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Data": ("data", "extra", "size", "val_fraction", "split_by"),
    "Net": ("net", "list_nets", "width", "dropout", "init"),
    "Recipe": (
        "recipe",
        "config",
        "epochs",
        "batch_size",
        "augment",
        "label_smoothing",
        "class_weights",
        "ema",
        "keep",
        "early_stopping",
    ),
    "Optimizer": ("optimizer", "lr", "head_lr", "schedule", "warmup", "momentum", "weight_decay", "clip"),
    "Fine-tuning": ("unfreeze_after", "freeze", "freeze_statistics", "layer_decay"),
    "Teacher": ("teacher", "distill", "distill_temperature", "views"),
    "Run": ("out", "resume", "seed", "seeds", "device", "amp", "compile", "tensorboard", "as_json"),
}
METAVARS: Mapping[Any, str] = {int: "N", float: "X", float | None: "X", "extra": "DIR"}  # by type, or by name
FIELDS: Mapping[str, "Field[Any]"] = {field.name: field for field in fields(Recipe)}

RecipeName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help=f"Named recipe to start from: {', '.join(RECIPES)}.  [default: standard; with --init imagenet: finetune]",
        metavar="NAME",
        autocompletion=lambda: list(RECIPES),
    ),
]
Config: TypeAlias = Annotated[
    Path | None, typer.Option(help="TOML file of options, such as a run's recipe.toml.", metavar="FILE")
]
Device: TypeAlias = Annotated[
    Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="What to compute on; auto: a GPU where there is one.")
]


def recipe_option(name: str, default: str = "", **settings: Any) -> Any:
    """Return the option of a field of a recipe, its `default` told in other words than the field's own value."""
    field = FIELDS[name]
    choices: Iterable[str] = field.metadata["choices"]
    words: str = field.metadata["help"]
    if choices:
        words += f"  One of: {', '.join(choices)}."
    own = getattr(RECIPES["standard"], name)
    if default:
        words += f"  [default: {default}]"
    elif own not in (None, "") and "[default" not in words:
        words += f"  [default: {own}]"
    metavar = None if field.type is bool else METAVARS.get(field.type) or METAVARS.get(name, name.upper())
    complete = (lambda: list(choices)) if choices else None
    return typer.Option(help=words, metavar=metavar, autocompletion=complete, **settings)


def takes_recipe(function: Callable[..., None]) -> Callable[..., None]:
    """Give `function`, which takes them as `**changes`, an option for each field of a recipe, and put all in groups."""
    parameters = {
        name: inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[field.type | None, recipe_option(name)],  # type: ignore[operator]
        )
        for name, field in FIELDS.items()
    }
    own = inspect.signature(function).parameters
    parameters |= {name: parameter for name, parameter in own.items() if parameter.kind is not parameter.VAR_KEYWORD}
    grouped = [_in_group(parameters.pop(name), group) for group, names in GROUPS.items() for name in names]
    if parameters:
        raise TypeError(f"in no group of the help: {', '.join(parameters)}")
    function.__signature__ = inspect.Signature(grouped)  # type: ignore[attr-defined]
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in grouped}
    return function


def _in_group(parameter: inspect.Parameter, group: str) -> inspect.Parameter:
    kind, option = get_args(parameter.annotation)
    option = copy(option)  # other commands may share it
    option.rich_help_panel = group
    return parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=Annotated[kind, option])
