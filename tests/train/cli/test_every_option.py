"""Whatever value an option is given, a training ends, or is refused before it begins: nothing hangs or crashes."""

from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import RunError
from edge_cifar.train.loop.batches import batch_sizes
from edge_cifar.train.loop.divergence import Diverged
from edge_cifar.train.loop.training import Training
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.recipe.recipe import Recipe, make_recipe
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.floats(0, 1), st.floats(0, 1000), st.floats(), st.integers(-3, 40), st.integers(), st.just(10**400)
)
STRENGTHS = st.builds("{}={}".format, st.sampled_from(["crop", "cutout"]), st.integers(-1, 40)) | st.builds(
    "{}={}".format,
    st.sampled_from(["rotate", "zoom", "color", "photo", "mixup", "cutmix"]),
    st.floats(0, 1) | st.floats(),
)
NOT_TRIED = {"data", "extra", "init", "teacher", "compile", "epochs", "net", "augment"}  # files, and what takes long
SETTINGS = st.fixed_dictionaries(
    {"net": st.sampled_from(["single", "nano", "resnet8", "depthwise", "plain-dropout", "wide"])},
    optional={
        "augment": st.lists(STRENGTHS | st.sampled_from(["flip", "vflip"]), min_size=1, max_size=3).map(",".join),
        "size": st.integers(7, 12),
        "batch_size": st.integers(1, 9),
        "width": st.floats(0, 0.5),
    },
)


def _images(count: int, size: int) -> LabelledImages:
    pixels = np.random.RandomState(0).randint(0, 256, (count, size, size, 4)).astype(np.uint8)
    return LabelledImages(pixels, np.arange(count) % 2, ("a", "b"), tuple(map(str, range(count))))


def _train(recipe: Recipe, count: int) -> None:
    images = _images(count, recipe.size)
    training = Training(replace(recipe, epochs=2), images, torch.device("cpu"))
    while not training.finished:
        training.run_epoch(lambda _step: None)
        loss, logits = training.evaluate(images)
        assert np.isfinite(logits).all()
        training.next_epoch(loss, float((logits.argmax(1) == images.targets).mean()))


@settings(max_examples=60)
@given(SETTINGS, st.sampled_from([option.name for option in fields(Recipe) if option.name not in NOT_TRIED]), NUMBERS)
def test_a_training_ends_or_is_refused(chosen: dict[str, Any], name: str, value: Any) -> None:
    try:
        recipe = make_recipe("standard", {"size": 8, "batch_size": 4, "augment": "crop=2,flip", **chosen, name: value})
        small = replace(recipe, width=min(recipe.width, 1), size=min(recipe.size, 16))
    except RunError:
        return
    with suppress(Diverged):
        _train(small, 9)


@given(st.integers(1, 50), st.integers(1, 60), st.integers(1, 3))
def test_no_batch_is_too_small_for_batchnorm(images: int, batch_size: int, processes: int) -> None:
    try:
        sizes = batch_sizes(images, batch_size, processes)
    except RunError:
        assert min(images, batch_size) < 2 * processes
        return
    assert sum(sizes) == images
    assert all(size >= 2 * processes for size in sizes)
    assert all(size == batch_size for size in sizes[:-1])


@pytest.mark.parametrize("net", NETS)
def test_the_smallest_image_that_a_net_takes_is_trained_on_in_batches_with_a_rest_of_one(net: str) -> None:
    for size in range(8, 33):
        try:
            recipe = Recipe(net=net, size=size, batch_size=2, width=0.1, augment="none")
        except RunError:
            continue
        _train(recipe, 5)
        return
