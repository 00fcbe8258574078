"""A loss that is no number any more, and what the likely cause is."""

from ...edge.errors import RunError
from ..recipe.optimizers import OPTIMIZERS
from ..recipe.recipe import Recipe

MUCH_DECAY = 0.02  # share of a weight that a step takes away; useful recipes take less than a thousandth


class Diverged(RunError):  # noqa: N818, an error of a run
    """The loss is not a number any more."""


def diverged(recipe: Recipe, epoch: int, step: int) -> Diverged:
    """Return the error of a training by `recipe` whose loss is no number at this step, with what the cause may be."""
    return Diverged(f"the loss is not a number any more (epoch {epoch}, step {step}); {_advice(recipe)}")


def _advice(recipe: Recipe) -> str:
    """Return what to change: what is far from usual in the recipe, or else the learning rate."""
    decay, own = recipe.lr * recipe.weight_decay, OPTIMIZERS[recipe.optimizer].lr
    causes = []
    if decay > MUCH_DECAY:
        causes.append(
            f"--weight-decay {recipe.weight_decay:g} (times --lr {recipe.lr:g}, of each weight, in each step)"
        )
    if recipe.lr > 2 * own:
        causes.append(f"--lr {recipe.lr:g} ({recipe.optimizer}'s own is {own:g})")
    if recipe.clip == 0:
        causes.append("--clip 0 (which limits no gradient)")
    if recipe.momentum > 0.95:
        causes.append(f"--momentum {recipe.momentum:g}")
    return f"the likely cause is {' or '.join(causes)}" if causes else f"try a lower --lr than {recipe.lr:g}"
