from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from edge_cifar.edge.errors import RunError
from edge_cifar.train.recipe.recipe import RECIPES, Recipe, make_recipe, read_toml, recipe_name


def test_a_recipe_written_as_toml_reads_back(tmp_path: Path) -> None:
    recipe = make_recipe("long", {"data": 'my "photos"', "dropout": 0.3, "class_weights": True, "lr": 1e-05})
    (tmp_path / "recipe.toml").write_text(recipe.to_toml())
    assert make_recipe("standard", read_toml(tmp_path / "recipe.toml")) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_named_recipe_is_valid(name: str) -> None:
    needed = {"distilled": {"teacher": "runs/teacher"}, "finetune": {"init": "shipped"}}.get(name, {})
    assert make_recipe(name, read_back(RECIPES[name]) | needed) == replace(RECIPES[name], **needed)


def test_the_distilled_recipe_needs_a_teacher() -> None:
    with pytest.raises(RunError, match="--recipe distilled: learns from another net; name it with --teacher"):
        make_recipe("distilled", {"net": "nano"})


def read_back(recipe: Recipe) -> dict[str, Any]:
    return {key: value for key, value in vars(recipe).items() if value is not None}


def test_later_changes_win() -> None:
    assert make_recipe("quick", {"epochs": 3, "seed": 1}, {"epochs": 5}).epochs == 5
    assert make_recipe("quick").epochs == RECIPES["quick"].epochs


def test_an_optimizer_brings_its_own_learning_rate_unless_one_is_given() -> None:
    assert make_recipe("standard", {"optimizer": "adamw"}).lr < 0.01 < make_recipe("standard").lr
    assert make_recipe("standard", {"optimizer": "adamw", "lr": 0.02}).lr == 0.02


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("net", "resnet", "--net resnet: unknown; choose from batchnorm"),
        ("epochs", 0, "--epochs 0: not between 1 and 1,000,000,000$"),
        ("epochs", 1.5, "--epochs 1.5: not of the right type"),
        ("epochs", True, "--epochs True: not of the right type"),
        ("compile", 1, "--compile 1: not of the right type"),
        ("lr", "fast", "--lr 'fast': not of the right type"),
        ("lr", float("nan"), "--lr nan: not between"),
        ("dropout", 1.0, "--dropout 1.0: not between"),
        ("colour", 1, "colour: no option of a recipe"),
        ("augment", "crop", "--augment crop"),
    ],
)
def test_a_wrong_option_is_named(key: str, value: object, message: str) -> None:
    with pytest.raises(RunError, match=message):
        make_recipe("standard", {key: value})


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(RunError, match="--recipe best: unknown; choose from quick, standard, long"):
        make_recipe("best")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("epochs: 3")
    with pytest.raises(RunError, match=r"recipe.toml: not a TOML file"):
        read_toml(tmp_path / "recipe.toml")
    with pytest.raises(RunError, match=r"cannot read .*none.toml: No such file"):
        read_toml(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, "--seed -1: not between"),
        ({"seed": 2**32}, "--seed 4294967296: not between"),
        ({"lr": float("inf")}, "--lr inf: not between"),
        ({"lr": 10**400}, "--lr 1000.*: not between"),
        ({"augment": "crop=32"}, "--augment crop=32: too much for --size 32"),
        ({"net": "deep", "size": 16}, "--size 16: too small for this net"),
        ({"net": "wide", "augment": "none", "size": 8}, "--size 8: too small for this net"),
        ({"data": "photos\0"}, "--data photos.*: not in UTF-8"),
        ({"data": "fotos-\udce9"}, "--data fotos-.*: not in UTF-8"),
    ],
)
def test_what_no_training_can_do_is_no_recipe(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError, match=message):
        make_recipe("standard", changes)
    with pytest.raises(RunError, match=message):
        Recipe(**changes)


def test_dropout_of_a_net_without_any_is_refused() -> None:
    with pytest.raises(RunError, match=r"--dropout 0\.2: --net single has no dropout layers"):
        make_recipe("standard", {"net": "single", "dropout": 0.2})


@pytest.mark.parametrize("init", ["", "identity"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"freeze": 0.5}, "--freeze 0.5: keeps random weights; name better ones to start from by --init"),
        ({"unfreeze_after": 2}, "--unfreeze-after 2: keeps random"),
        ({"freeze_statistics": True}, "--freeze-statistics True: keeps random"),
        ({"freeze": 1.5}, "--freeze 1.5: not between 0 and 1"),
    ],
)
def test_random_weights_are_not_kept(init: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(RunError, match=message):
        make_recipe("standard", {**options, "init": init})


def test_the_recipe_for_good_weights_needs_some_and_is_taken_with_those_of_imagenet() -> None:
    with pytest.raises(RunError, match=r"--recipe finetune: starts from weights that are good already; .* --init"):
        make_recipe("finetune", {})
    assert recipe_name(None, {"init": "imagenet"}) == recipe_name(None, {"init": "imagenet"}, {}) == "finetune"
    assert recipe_name("quick", {"init": "imagenet"}) == "quick"
    assert recipe_name(None, {"init": "shipped"}) == recipe_name(None) == "standard"


def test_a_backbone_sees_photos_as_large_as_its_weights_did_unless_told_otherwise() -> None:
    assert make_recipe("finetune", {"net": "resnet18", "init": "imagenet"}).size == 224
    assert make_recipe("finetune", {"net": "resnet18", "init": "imagenet", "size": 96}).size == 96
    assert make_recipe("finetune", {"init": "shipped"}).size == 32


def test_another_optimizer_moves_good_weights_less() -> None:
    rates = [make_recipe(name, {"init": "shipped", "optimizer": "sgd"}).lr for name in ("standard", "finetune")]
    assert rates[1] == pytest.approx(rates[0] / 10)
