import pytest
from edge_cifar.train.recipe import Recipe


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    recipe = Recipe(lr=0.2, warmup=0.25)
    rates = [recipe.learning_rate(progress) for progress in (0, 0.125, 0.25, 0.625, 1)]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.1, 0])
