"""A loss that is no number any more: what is named as its cause."""

import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.loop.divergence import Diverged, diverged
from edge_cifar.train.loop.training import Training
from edge_cifar.train.recipe.recipe import Recipe


@pytest.mark.parametrize(
    ("recipe", "cause"),
    [
        (Recipe(weight_decay=100.0), "the likely cause is --weight-decay 100 (times --lr 0.15,"),
        (Recipe(lr=5.0), "the likely cause is --lr 5 (sgd's own is 0.15)"),
        (
            Recipe(clip=0.0, momentum=0.999),
            "the likely cause is --clip 0 (which limits no gradient) or --momentum 0.999",
        ),
        (Recipe(), "try a lower --lr than 0.15"),
    ],
)
def test_what_is_far_from_usual_is_named(recipe: Recipe, cause: str) -> None:
    assert f"not a number any more (epoch 2, step 7); {cause}" in str(diverged(recipe, 2, 7))


def test_weights_lost_in_the_last_step_are_noticed_before_they_are_kept(synthetic: LabelledImages) -> None:
    training = Training(Recipe(net="single"), synthetic, torch.device("cpu"))
    torch.nn.init.constant_(training.net[-1].bias, float("nan"))
    with pytest.raises(Diverged):
        training.evaluate(synthetic)
