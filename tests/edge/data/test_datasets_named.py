"""Datasets known by name, and splits that are there already: neither is cut by content."""

from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import LOADERS, load_split, load_splits, missing_splits
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.splits.split_rules import stratified_split

LABELS = ("ant", "bee")
COUNTS = {"train": 10, "test": 3}  # of each class


def named(split: str, size: int) -> LabelledImages:
    """A split of a dataset that never changes: every image of another colour."""
    targets = np.repeat(np.arange(2), COUNTS[split])
    images = np.arange(len(targets), dtype=np.uint8)[:, None, None, None] * np.ones((1, size, size, 4), np.uint8)
    return LabelledImages(images, targets, LABELS, tuple(f"{split}-{i}" for i in range(len(targets))))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOADERS, "insects", named)


def split_of(data: str | Path, split: str) -> LabelledImages:
    return load_split(str(data), split, 4, val_fraction=0.2, val_seed=3)


def test_a_dataset_known_by_name_gives_its_test_images_as_they_are() -> None:
    assert split_of("insects", "test").digest() == named("test", 4).digest()
    assert missing_splits("insects") == ("val",)


def test_validation_is_cut_from_a_dataset_known_by_name_by_position() -> None:
    whole = named("train", 4)
    kept, held_out = stratified_split(whole.targets, 0.2, 3)
    splits = load_splits("insects", 4, val_fraction=0.2, val_seed=3)
    expected = {"train": whole.take(kept), "val": whole.take(held_out), "test": named("test", 4)}
    assert {split: images.digest() for split, images in splits.items()} == {
        split: images.digest() for split, images in expected.items()
    }
    assert split_of("insects", "val").digest() == expected["val"].digest()


def test_all_images_of_a_dataset_known_by_name_are_those_of_both_its_splits() -> None:
    images = split_of("insects", "all")
    assert images.ids == tuple(f"{split}/{name}" for split in COUNTS for name in named(split, 4).ids)
    assert images.targets.tolist() == [0] * 10 + [1] * 10 + [0] * 3 + [1] * 3
    assert images.contents == named("train", 4).ids + named("test", 4).ids


def test_all_images_have_the_labels_of_every_split_in_sorted_order(dataset: Path) -> None:
    (dataset / "test" / "dog").rename(dataset / "test" / "cow")
    images = split_of(dataset, "all")
    assert images.labels == ("cat", "cow", "dog")
    assert images.targets.tolist() == [0] * 10 + [2] * 10 + [0] * 5 + [1] * 5


def test_three_splits_that_are_there_are_used_as_they_are(dataset: Path) -> None:
    for label in ("cat", "dog"):
        (dataset / "val" / label).mkdir(parents=True)
        for i in range(3):
            (dataset / "train" / label / f"{i}.png").rename(dataset / "val" / label / f"{i}.png")
    assert [split_of(dataset, split).counts().tolist() for split in ("train", "val", "test")] == [
        [7, 7],
        [3, 3],
        [5, 5],
    ]
    assert split_of(dataset, "train").contents == ()  # nothing is cut, so nobody needs them
    assert missing_splits(str(dataset)) == ()
