"""Classes with so few photos that a share of them is none or all: what they are cut into, or why not."""

import hashlib
from pathlib import Path

import pytest
from edge_cifar.edge.data.datasets import load_split, load_splits, uncertain_test_photos
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.splits.split_rules import share
from PIL import Image


def split_of(data: Path, split: str) -> LabelledImages:
    return load_split(str(data), split, 4, val_fraction=0.2, val_seed=0)


@pytest.fixture
def plain(dataset: Path) -> Path:
    """A folder with class folders only: 10 cats and 10 dogs."""
    return dataset / "train"


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (1, "class 'cow' has a single photo, too few to cut a test and a validation split from; add photos .3 at"),
        (2, "class 'cow' has 2 photos, too few to cut a test and a validation split from"),
        (3, None),
    ],
    ids=["one", "two", "enough"],
)
def test_a_class_with_too_few_photos_to_split_is_named(plain: Path, count: int, message: str | None) -> None:
    (plain / "cow").mkdir()
    for i in range(count):
        (plain / "cat" / f"{i}.png").rename(plain / "cow" / f"{i}.png")
    if message:
        with pytest.raises(DataError, match=message):
            split_of(plain, "train")
    else:
        assert [split_of(plain, split).counts()[1] for split in ("train", "val", "test")] == [1, 1, 1]


def test_test_photos_that_only_a_small_class_put_there_are_known(plain: Path) -> None:
    images = load_split(str(plain), "all", 4, val_fraction=0.2, val_seed=0, contents=True)
    expected = [i for i, content in enumerate(images.contents) if share(content, "test 0") >= 0.2]
    assert 0 < len(expected) < len(images)
    assert uncertain_test_photos(images).tolist() == expected


def test_a_large_share_for_validation_leaves_a_photo_of_each_class_to_train_on(plain: Path) -> None:
    splits = load_splits(str(plain), 4, val_fraction=0.999, val_seed=0)
    assert splits["train"].counts().tolist() == [1, 1]


def test_three_photos_that_would_all_be_test_are_dealt_out_to_three_splits(plain: Path) -> None:
    (plain / "cow").mkdir()
    photos = (Image.new("RGB", (4, 4), (i, 0, 0)) for i in range(256))
    while len(list((plain / "cow").iterdir())) < 3:
        next(photos).save(path := plain / "cow" / f"{len(list((plain / 'cow').iterdir()))}.png")
        if share(hashlib.sha256(path.read_bytes()).hexdigest(), "test 0") >= 0.2:
            path.unlink()
    assert [split_of(plain, split).counts()[1] for split in ("train", "val", "test")] == [1, 1, 1]


def test_too_few_photos_to_cut_are_told_with_the_folder_and_their_copies(dataset: Path) -> None:
    (dataset / "train" / "cow").mkdir()
    (dataset / "test" / "cow").mkdir()
    for place in ("train/cow/0.png", "train/cow/1.png", "test/cow/0.png"):
        (dataset / place).write_bytes((dataset / "train/cat/0.png").read_bytes())
    with pytest.raises(DataError) as caught:
        load_splits(str(dataset), 4, val_fraction=0.2, val_seed=0)
    assert str(caught.value) == (
        f"{dataset}: class 'cow' has a single photo (2 with their copies), too few to cut a validation split from; "
        "add photos (2 at least) or remove the class"
    )
