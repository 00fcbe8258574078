from dataclasses import replace

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import DataError
from edge_cifar.train.data.data_scan import SHOWN, Scan, class_weights, find_twins, scan


def images(first: int, targets: list[int], labels: tuple[str, ...] = ("cat", "dog")) -> LabelledImages:
    """Return images of 2 x 2 pixels, each of one value: `first`, `first` + 1, ..."""
    values = np.arange(first, first + len(targets), dtype=np.uint8)
    pixels = np.broadcast_to(values[:, None, None, None], (len(targets), 2, 2, 4)).copy()
    ids = tuple(f"{labels[target]}/{value}.png" for target, value in zip(targets, values, strict=True))
    return LabelledImages(pixels, np.array(targets, dtype=np.int64), labels, ids)


@pytest.fixture
def splits() -> dict[str, LabelledImages]:
    """Four training, two validation and two test images, none alike."""
    return {"train": images(0, [0, 1, 0, 1]), "val": images(10, [0, 1]), "test": images(20, [0, 1])}


def test_splits_with_nothing_in_common_are_left_alone(splits: dict[str, LabelledImages]) -> None:
    found, train = scan(splits)
    assert train is splits["train"]
    assert found == Scan(
        (), (), {"train": {"cat": 2, "dog": 2}, "val": {"cat": 1, "dog": 1}, "test": {"cat": 1, "dog": 1}}
    )
    assert found.lines() == ["training images: cat 2, dog 2"]


def test_training_images_that_stand_in_another_split_are_left_out(splits: dict[str, LabelledImages]) -> None:
    splits["test"] = images(1, [0, 1])  # 1 and 2, the second under another label
    found, train = scan(splits)
    assert train.ids == ("cat/0.png", "dog/3.png")
    assert found.twins == (("train/dog/1.png", "test/cat/1.png"), ("train/cat/2.png", "test/dog/2.png"))
    assert found.counts["train"] == {"cat": 1, "dog": 1}
    assert found.lines()[0] == "same pixels: train/dog/1.png = test/cat/1.png; left out of training"


def test_names_that_are_not_utf8_can_be_written(splits: dict[str, LabelledImages]) -> None:
    splits["test"] = replace(images(0, [0]), ids=("cat/\udcff\n.png",))
    found, _ = scan(splits)
    assert found.twins[0][1] == r"test/cat/\udcff\n.png"
    assert all(name.encode() for group in found.twins for name in group)


def test_images_in_validation_and_test_are_only_reported(splits: dict[str, LabelledImages]) -> None:
    splits["test"] = images(10, [0, 1])
    found, train = scan(splits)
    assert len(train) == 4
    assert found.lines()[0] == "same pixels: val/cat/10.png = test/cat/10.png"


def test_copies_within_a_split_are_no_twins(splits: dict[str, LabelledImages]) -> None:
    splits["train"] = splits["train"].take(np.array([0, 0, 1, 2, 3]))
    assert find_twins(splits) == []


def test_a_class_whose_every_training_image_is_elsewhere_is_named(splits: dict[str, LabelledImages]) -> None:
    splits["val"] = splits["train"].take(np.array([1, 3]))
    with pytest.raises(DataError, match="class 'dog': all of its training photos are validation or test photos"):
        scan(splits)


def test_unreadable_files_are_listed_once_and_not_without_end(splits: dict[str, LabelledImages]) -> None:
    messages = tuple(f"{i}.jpg: damaged" for i in range(SHOWN + 5))
    cut = {name: replace(split, unreadable=messages) for name, split in splits.items()}
    found, _ = scan(cut)
    assert found.unreadable == messages
    assert found.lines()[0] == "left out: 0.jpg: damaged"
    assert found.lines()[SHOWN] == "and 5 more that can't be read"


def test_uneven_classes_are_pointed_out() -> None:
    def line(**counts: int) -> str:
        return Scan((), (), {"train": counts}).lines()[0]

    assert line(cat=19, dog=10) == "training images: cat 19, dog 10"
    assert line(cat=5, dog=20) == "training images: cat 5, dog 20; uneven by 4.0, see --class-weights"
    many = {f"c{i}": 100 + i for i in range(SHOWN + 1)}
    assert line(**many) == "training images of a class: 100 (c0) to 110 (c10)"


def test_weights_are_inverse_to_the_number_of_images() -> None:
    weights = class_weights(images(0, [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2], ("cat", "dog", "cow")))
    assert weights.dtype == np.float32
    assert weights == pytest.approx([1.2, 1.2, 0.6])
    assert weights.mean() == pytest.approx(1)


def test_the_same_photo_in_two_classes_of_a_split_is_named_and_kept(splits: dict[str, LabelledImages]) -> None:
    splits["train"] = images(0, [0, 1, 0, 1]).joined(images(1, [0]))
    found, train = scan(splits)
    assert len(train) == 5
    assert found.clashes == (("train/dog/1.png", "train/cat/1.png"),)
    assert found.lines()[0] == "same pixels in two classes: train/dog/1.png = train/cat/1.png"


def test_what_else_lies_in_a_folder_is_told_once(splits: dict[str, LabelledImages]) -> None:
    cut = {name: replace(split, left_out=("photos/dog: 4 HEIC",)) for name, split in splits.items()}
    found, _ = scan(cut)
    assert found.lines()[0] == "left out: photos/dog: 4 HEIC"
    assert len(found.lines()) == 2
