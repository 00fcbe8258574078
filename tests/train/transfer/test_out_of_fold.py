"""Labels of training photos are judged by heads that have not been fitted to them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.model.contract import Logits
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run
from edge_cifar.train.transfer.features import FeatureMaker
from edge_cifar.train.transfer.out_of_fold import FOLDS, folds, out_of_fold_logits

pytestmark = pytest.mark.usefixtures("cache")
CPU = torch.device("cpu")
SWAPPED = [5, 31, 58]


@pytest.fixture
def images() -> LabelledImages:
    """Sixty photos, red and blue by turns, with noise."""
    random = np.random.RandomState(0)
    targets = np.arange(60) % 2
    pixels = np.array([(200, 40, 40, 255), (40, 40, 200, 255)])[targets][:, None, None]
    noisy = (pixels + random.randint(-30, 30, (60, 8, 8, 4))).clip(0, 255).astype(np.uint8)
    return LabelledImages(noisy, targets, ("red", "blue"), tuple(map(str, range(60))))


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """The recipe of a fine-tuning from a run that knows nothing of these images."""
    torch.manual_seed(0)
    made = Recipe(net="single", size=8)
    run = Run(tmp_path / "run", made, {"name": "others", "labels": ["a", "b", "c"]}, {})
    run.create()
    run.save_weights(build_net(NETS["single"], size=8, classes=3), epoch=1, val_accuracy=0.5)
    return replace(made, init=str(run.folder))


def logits(recipe: Recipe, images: LabelledImages) -> Logits:
    return out_of_fold_logits(recipe, images, CPU, None)


def test_swapped_labels_are_answered_by_what_the_photos_show(recipe: Recipe, images: LabelledImages) -> None:
    targets = images.targets.copy()
    targets[SWAPPED] = 1 - targets[SWAPPED]
    answers = logits(recipe, replace(images, targets=targets)).argmax(axis=1)
    assert answers.tolist() == images.targets.tolist()


def test_an_images_own_label_has_no_part_in_the_head_that_answers_it(
    recipe: Recipe, images: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_cifar.train.transfer.fit_head.DECAYS", (0.1,))  # which the part's labels choose
    part = folds(images.targets)
    targets = images.targets.copy()
    targets[part == 0] = 1 - targets[part == 0]
    swapped = replace(images, targets=targets)
    monkeypatch.setattr("edge_cifar.train.transfer.out_of_fold.folds", lambda _: part)
    before, after = logits(recipe, images), logits(recipe, swapped)
    assert np.array_equal(before[part == 0], after[part == 0])
    assert not np.array_equal(before[part == 1], after[part == 1])


def test_features_of_the_first_stage_are_found_again(
    recipe: Recipe, images: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = logits(recipe, images)

    def no_work(*_: object) -> None:
        raise AssertionError("features are computed anew")

    monkeypatch.setattr(FeatureMaker, "_batches", no_work)
    assert np.array_equal(logits(recipe, images), before)


def test_neighbours_are_in_one_part_and_parts_have_all_classes() -> None:
    targets = np.repeat([0, 1, 2], [20, 3, 7])
    part = folds(targets)
    assert set(part[targets == 0]) == set(range(FOLDS))
    for target in range(3):
        own = part[targets == target]
        assert own.tolist() == sorted(own)
