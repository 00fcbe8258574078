"""Labels swapped on purpose are found, whichever split they are in, by answers made up from the true ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.stats.classification import Floats
from edge_cifar.edge.stats.label_errors import HELD_OUT, LEARNED, OUT_OF_FOLD
from edge_cifar.train.report.label_doubts import find_doubts

SWAPPED = {"train": [3, 50], "val": [7], "test": [11, 30]}


def named(split: str, name: str) -> Path:
    return Path("photos", split, name)


@pytest.fixture
def splits(synthetic: LabelledImages) -> dict[str, LabelledImages]:
    found = {}
    for split, swapped in SWAPPED.items():
        targets = synthetic.targets.copy()
        targets[swapped] = (targets[swapped] + 1) % 10
        found[split] = replace(synthetic, targets=targets)
    return found


@pytest.fixture
def logits(synthetic: LabelledImages) -> Floats:
    """What a good net answers, too sure of itself."""
    random = np.random.RandomState(0)
    return np.asarray(30 * np.eye(10)[synthetic.targets] + 3 * random.randn(len(synthetic), 10))


def test_swapped_labels_of_all_splits_are_found_and_nothing_else(
    splits: dict[str, LabelledImages], logits: Floats
) -> None:
    doubts = find_doubts(splits, dict.fromkeys(SWAPPED, logits), named)
    found = {(each.split, each.id) for each in doubts}
    assert found == {(split, splits[split].ids[i]) for split, places in SWAPPED.items() for i in places}
    assert [each.own for each in doubts] == sorted(each.own for each in doubts)
    assert {(each.split, each.judged) for each in doubts} == {("train", LEARNED), ("val", HELD_OUT), ("test", HELD_OUT)}
    one = next(each for each in doubts if each.split == "val")
    images = splits["val"]
    assert (one.path, one.label) == (str(named("val", images.ids[7])), images.labels[images.targets[7]])
    assert one.answer == images.labels[images.targets[7] - 1]


def test_what_a_net_knows_by_heart_is_found_by_layers_that_have_not_learned_it(
    splits: dict[str, LabelledImages], logits: Floats
) -> None:
    by_heart = 30 * np.eye(10)[splits["train"].targets]
    own = {"train": by_heart, "val": logits, "test": logits}
    assert not [each for each in find_doubts(splits, own, named) if each.split == "train"]
    found = [each for each in find_doubts(splits, own, named, out_of_fold=logits) if each.split == "train"]
    assert {each.id for each in found} == {splits["train"].ids[i] for i in SWAPPED["train"]}
    assert {each.judged for each in found} == {OUT_OF_FOLD}


def test_a_net_that_is_too_sure_is_believed_only_as_far_as_validation_shows(synthetic: LabelledImages) -> None:
    random = np.random.RandomState(0)
    answers = random.randint(0, 10, len(synthetic))  # chance, with a confidence of nearly 1
    logits = dict.fromkeys(SWAPPED, 20 * np.eye(10)[answers])
    assert find_doubts(dict.fromkeys(SWAPPED, synthetic), logits, named) == []
