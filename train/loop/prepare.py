"""All that a recipe asks for, put together to a training that can start."""

from collections.abc import Callable

import torch

from ..data.data_scan import class_weights
from ..data.load_splits import Dataset
from ..recipe.loss import Loss, RememberingTeacher, Teacher, looking_twice
from ..recipe.recipe import Recipe
from ..runs.initial_weights import load_teacher, load_weights, needed_images
from .device import autocast_dtype
from .distributed import World
from .training import Training


def prepare(
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    world: World | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Training:
    """Return a training of the recipe's net, its teacher at hand and its first weights loaded. Raises RunError.

    `say` is told what is not as one might think.
    """
    labels = dataset.train.labels
    teacher: Teacher | None = None
    if recipe.teacher:
        dtype = autocast_dtype(device) if recipe.amp else None
        teacher = load_teacher(recipe.teacher, labels, recipe.size, device, dtype)
        if recipe.augmentation.flip:
            teacher = looking_twice(teacher)
        if recipe.views:
            teacher = RememberingTeacher(teacher)
    weights = torch.from_numpy(class_weights(dataset.train)).to(device) if recipe.class_weights else None
    training = Training(recipe, dataset.train, device, Loss(recipe, weights, teacher), world, dataset.val)
    if recipe.init and not load_weights(
        training.net, recipe.init, labels, training.images.first(needed_images(recipe.size))
    ):
        say(f"--init {recipe.init}: the last layer starts anew, for it was made for other classes or another size")
    return training
