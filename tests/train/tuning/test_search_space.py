from dataclasses import replace

import pytest
from edge_cifar.edge.errors import RunError
from edge_cifar.train.recipe.optimizers import OPTIMIZERS
from edge_cifar.train.recipe.recipe import Recipe, make_recipe, read_toml
from edge_cifar.train.tuning.search_space import SPACE, changed, space, start


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(net="single", width=1.5, lr=0.01, batch_size=64),
        Recipe(net="plain-dropout", dropout=0.25, optimizer="adam", lr=0.001),
    ],
)
def test_the_start_is_the_recipe_itself(recipe: Recipe) -> None:
    assert changed(recipe, start(recipe, tuple(space(recipe)))) == recipe


def test_what_the_space_lacks_starts_at_what_is_nearest() -> None:
    recipe = Recipe(net="batchnorm-elu", batch_size=100, weight_decay=0, dropout=0.9)
    nearest = {"batch_size": 128, "weight_decay": 1e-6, "dropout": 0.6}
    assert start(recipe, tuple(nearest)) == nearest
    assert start(replace(recipe, dropout=None), ["dropout"]) == {"dropout": pytest.approx(0.3)}  # of .2, .3, .4


def test_another_optimizer_brings_its_own_rate_to_be_multiplied() -> None:
    recipe = Recipe(optimizer="sgd", lr=0.2)
    assert changed(recipe, {"optimizer": "sgd", "lr_factor": 0.5}).lr == 0.1
    assert changed(recipe, {"optimizer": "adam", "lr_factor": 2.0}).lr == 2 * OPTIMIZERS["adam"].lr
    assert changed(recipe, {"optimizer": "adam"}).lr == OPTIMIZERS["adam"].lr


def test_every_corner_of_the_space_is_a_recipe_that_training_takes(tmp_path) -> None:
    for width in (0.1, 8.0):
        for end in ("low", "high"):
            drawn = {name: getattr(each, end) for name, each in SPACE.items() if hasattr(each, end)}
            recipe = changed(Recipe(width=width), drawn)
            (tmp_path / "recipe.toml").write_text(recipe.to_toml())
            assert make_recipe("standard", read_toml(tmp_path / "recipe.toml")) == recipe


def test_only_what_is_asked_for_and_can_matter_is_searched() -> None:
    assert list(space(Recipe(net="single"))) == [name for name in SPACE if name != "dropout"]
    assert list(space(Recipe(net="batchnorm"))) == list(SPACE)
    assert list(space(Recipe(net="batchnorm"), ("width_factor", "dropout"))) == ["dropout", "width_factor"]
    with pytest.raises(RunError, match="--search dropout: --net single has no dropout layers"):
        space(Recipe(net="single"), ("dropout", "width_factor"))
    with pytest.raises(RunError, match="--search momentum: unknown; choose from optimizer,lr_factor"):
        space(Recipe(), ("momentum",))
