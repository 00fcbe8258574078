"""What is left open of a fine-tuning, chosen by the number of photos, the device and what a photo costs on it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..recipe.recipe import FINETUNE, Recipe

OPEN = ("unfreeze_after", "epochs", "freeze")  # options of a recipe that a plan chooses where nobody else has
CPU_MINUTES = 10  # of the second stage, at the most
# Of the net that stays frozen there, tried in turn; if all take longer, there is no such stage.
SHARES = (0.0, 0.5, 0.7)


@dataclass(frozen=True)
class Amount:
    """Up to so many training photos: how many views of them for the head, and epochs behind it."""

    photos: float
    views: int
    epochs: int


AMOUNTS = (Amount(500, 8, 10), Amount(5_000, 4, 8), Amount(20_000, 2, 5), Amount(float("inf"), 1, 3))


@dataclass(frozen=True)
class Cost:
    """Seconds that a photo takes: its features, and a step of training with such a share of the net frozen."""

    features: float
    step: Callable[[float], float]


def open_options(name: str, *given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a plan may choose of the recipe called `name`: nothing that is given, nor of other recipes."""
    return tuple(key for key in OPEN if not any(key in options for options in given)) if name == FINETUNE else ()


def plan(recipe: Recipe, left_open: Collection[str], photos: int, val: int, device: str, cost: Cost) -> Recipe:
    """Return `recipe` with the options that are `left_open` chosen, for so many training and validation photos.

    On a GPU all of the net learns; on a CPU as much as takes `CPU_MINUTES` at the most, or the head alone. A number of
    epochs that somebody has chosen asks for a second stage, however long it takes.
    """
    amount = next(amount for amount in AMOUNTS if photos <= amount.photos)
    if "unfreeze_after" in left_open:
        views = amount.views if "epochs" in left_open else min(amount.views, max(1, recipe.epochs // 3))
        recipe = replace(recipe, unfreeze_after=views)
    if "epochs" in left_open:
        head_alone = recipe.freeze == 1 and "freeze" not in left_open
        epochs = recipe.unfreeze_after or amount.views if head_alone else recipe.unfreeze_after + amount.epochs
        recipe = replace(recipe, epochs=epochs)
    if "freeze" not in left_open:
        return recipe
    if device != "cpu":
        return replace(recipe, freeze=0.0)
    for share in SHARES:
        recipe = replace(recipe, freeze=share)
        if second_stage_seconds(recipe, photos, val, cost) <= 60 * CPU_MINUTES:
            return recipe
    asked_for = "epochs" not in left_open or not recipe.unfreeze_after
    return recipe if asked_for else replace(recipe, freeze=1.0, epochs=recipe.unfreeze_after)


def first_stage_seconds(recipe: Recipe, photos: int, val: int, cost: Cost) -> float:
    """Return how long the epochs of the head take, about: of validation photos features are computed once."""
    return (recipe.head_epochs * photos + val) * cost.features


def second_stage_seconds(recipe: Recipe, photos: int, val: int, cost: Cost) -> float:
    """Return how long the epochs behind them take, about."""
    epochs = recipe.epochs - recipe.head_epochs
    return epochs * (photos * cost.step(recipe.freeze) + val * cost.features) if epochs else 0.0


def words(recipe: Recipe, photos: int, val: int, cost: Cost) -> str:
    """Return a line on what will be trained and how long that takes."""
    parts = []
    if head := recipe.head_epochs:
        views = f"{head} views" if head > 1 else "1 view"
        time = _about(first_stage_seconds(recipe, photos, val, cost))
        parts.append(f"stage 1: the head, on features of {photos:,} photos in {views}, {time}")
    if rest := recipe.epochs - head:
        part = f"the last {1 - recipe.freeze:.0%} of the net" if recipe.freeze else "all of the net"
        time = _about(second_stage_seconds(recipe, photos, val, cost))
        parts.append(f"stage 2: {part}, {rest} epoch{'s' * (rest > 1)}, {time}; --freeze 1 leaves it out")
    else:
        longer = replace(recipe, freeze=SHARES[-1], epochs=head + 1, unfreeze_after=head)
        time = _about(second_stage_seconds(longer, photos, val, cost))
        parts.append(f"no stage 2 (--freeze {SHARES[-1]:g} trains more of the net, {time} an epoch)")
    return "; ".join(parts)


def _about(seconds: float) -> str:
    return f"about {seconds / 60:,.0f} min" if seconds >= 90 else f"about {max(seconds, 1):.0f} s"
