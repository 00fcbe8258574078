from dataclasses import replace

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages


@pytest.fixture
def images() -> LabelledImages:
    """Three images of 2 x 2 pixels."""
    pixels = np.arange(3 * 2 * 2 * 4, dtype=np.uint8).reshape(3, 2, 2, 4)
    return LabelledImages(pixels, np.array([0, 1, 1]), ("cat", "dog"), ("a", "b", "c"), ("d.jpg: damaged",))


def test_take_keeps_images_targets_and_ids_together(images: LabelledImages) -> None:
    taken = images.take(np.array([2, 0]))
    assert np.array_equal(taken.images, images.images[[2, 0]])
    assert taken.targets.tolist() == [1, 0]
    assert taken.ids == ("c", "a")
    assert (taken.labels, taken.unreadable) == (images.labels, images.unreadable)
    assert len(taken) == 2


def test_images_are_counted_by_class(images: LabelledImages) -> None:
    assert replace(images, labels=("cat", "dog", "cow")).counts().tolist() == [1, 2, 0]


def test_targets_follow_their_labels(images: LabelledImages) -> None:
    relabelled = images.relabelled(("dog", "cow", "cat"))
    assert relabelled.targets.tolist() == [2, 0, 0]
    assert relabelled.labels == ("dog", "cow", "cat")
    assert relabelled.ids == images.ids


def test_joined_images_keep_all_that_belongs_to_them(images: LabelledImages) -> None:
    joined = images.joined(images.take(np.array([2])))
    assert np.array_equal(joined.images, images.images[[0, 1, 2, 2]])
    assert joined.targets.tolist() == [0, 1, 1, 1]
    assert joined.ids == ("a", "b", "c", "c")
    assert joined.unreadable == ("d.jpg: damaged", "d.jpg: damaged")


def test_equal_data_has_an_equal_digest(images: LabelledImages) -> None:
    copy = LabelledImages(images.images.copy(), images.targets.copy(), images.labels, images.ids)
    assert copy.digest() == images.digest()


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.zeros((3, 2, 2, 4), np.uint8)},
        {"targets": np.array([0, 1, 0])},
        {"labels": ("cat", "cow")},
        {"ids": ("a", "b", "x")},
        {"labels": ("cat",), "ids": ("dog", "a", "b", "c")},
    ],
)
def test_any_change_changes_the_digest(images: LabelledImages, change: dict[str, object]) -> None:
    assert replace(images, **change).digest() != images.digest()  # type: ignore[arg-type]


def test_ids_that_are_not_utf8_have_a_digest(images: LabelledImages) -> None:
    assert replace(images, ids=("\udcff", "b", "c")).digest() != images.digest()
