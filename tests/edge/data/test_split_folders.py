from pathlib import Path

import pytest
from edge_cifar.edge.data.split_folders import read_layout, split_name
from edge_cifar.edge.errors import DataError


def make(root: Path, *photos: str) -> Path:
    for photo in photos:
        (root / photo).parent.mkdir(parents=True, exist_ok=True)
        (root / photo).touch()
    return root


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *((name, "train") for name in ("train", "Train", "TRAINING", "training_set", "trainset", "train2017", "trn")),
        *((name, "train") for name in ("traindata", "TrainImages", "data_train", "trainval", "train_val")),
        *((name, "val") for name in ("val", "valid", "Validation", "VAL", "dev", "val_images", "eval", "evaluation")),
        *((name, "test") for name in ("test", "Test", "testing", "test-set", "test_data", "images_test")),
        *((name, "test") for name in ("holdout", "hold-out", "Held_Out", "heldout_set")),
        *((name, None) for name in ("cat", "images", "contest", "trainer", "train and test", "tests of cats", "2024")),
        *((name, None) for name in ("dataset", "set", "evaluate me", "folder", "device")),
    ],
)
def test_usual_names_of_splits_are_understood(name: str, split: str | None) -> None:
    assert split_name(name) == split


@pytest.mark.parametrize(
    "names", [("Train", "VALID", "Testing"), ("training_set", "dev", "test_set"), ("train", "eval", "hold-out")]
)
def test_splits_are_found_by_such_names(tmp_path: Path, names: tuple[str, str, str]) -> None:
    make(tmp_path, *(f"{name}/{label}/0.png" for name in names for label in ("cat", "dog")))
    layout = read_layout(tmp_path)
    assert layout.folders == dict(zip(("train", "val", "test"), (tmp_path / name for name in names), strict=True))
    assert layout.left_out == ()


def test_splits_are_found_a_folder_deeper(tmp_path: Path) -> None:
    make(tmp_path, "images/train/cat/0.png", "images/test/cat/0.png", "readme.txt")
    assert list(read_layout(tmp_path).folders) == ["train", "test"]


def test_what_lies_beside_splits_a_folder_deeper_is_named(tmp_path: Path) -> None:
    make(tmp_path, "images/train/cat/0.png", "images/more/cat/0.png", "later/cat/0.png", "cover.jpg")
    assert read_layout(tmp_path).left_out == (
        f"{tmp_path}/later: a folder of no split that is known, beside images/",
        f"{tmp_path}: 1 photos in no class folder",
        f"{tmp_path}/images/more: a folder of no split that is known, beside train/",
    )


def test_several_datasets_beside_each_other_are_no_classes(tmp_path: Path) -> None:
    make(tmp_path, *(f"{name}/{split}/cat/0.png" for name in ("a", "b") for split in ("train", "test")))
    with pytest.raises(DataError, match=r": a/ and b/ hold splits each, as datasets do; name one of them$"):
        read_layout(tmp_path)


@pytest.mark.parametrize("pair", [("val", "valid"), ("Train", "train"), ("test", "testing"), ("test", "holdout")])
def test_a_split_that_is_there_twice_is_refused(tmp_path: Path, pair: tuple[str, str]) -> None:
    make(tmp_path, *(f"{name}/cat/0.png" for name in (*pair, "trn")))
    with pytest.raises(DataError, match=r"/ and .*/ are both its (train|val|test) split; keep one"):
        read_layout(tmp_path)


def test_what_lies_beside_the_splits_is_named(tmp_path: Path) -> None:
    make(tmp_path, "train/cat/0.png", "val/cat/0.png", "test/0.png", "unlabelled/0.png", "notes/a.txt", "cover.jpg")
    layout = read_layout(tmp_path)
    assert layout.folders == {"train": tmp_path / "train", "val": tmp_path / "val"}
    assert layout.left_out == (
        f"{tmp_path}/test: photos without class folders, beside train/, val/",
        f"{tmp_path}/unlabelled: a folder of no split that is known, beside train/, val/",
        f"{tmp_path}: 1 photos in no class folder",
    )


def test_classes_that_are_split_one_by_one_are_refused(tmp_path: Path) -> None:
    make(tmp_path, *(f"{label}/{split}/0.png" for label in ("cat", "dog") for split in ("train", "test")))
    with pytest.raises(DataError, match=r"cat: holds test/, train/ where photos of a class should be; expected train/"):
        read_layout(tmp_path)


def test_a_class_may_hold_a_folder_called_like_one_split(tmp_path: Path) -> None:
    make(tmp_path, "cat/val/0.png", "dog/0.png", "cover.jpg")
    layout = read_layout(tmp_path)
    assert layout.folders == {"train": tmp_path}
    assert layout.left_out == (f"{tmp_path}: 1 photos in no class folder",)


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "eval", "holdout")])
def test_splits_without_classes_are_no_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    make(tmp_path, *(f"{name}/0.png" for name in names), "notes/a.txt")
    with pytest.raises(DataError, match=r"/ and .*/ hold photos without class folders; expected train/<class>/\*"):
        read_layout(tmp_path)


@pytest.mark.parametrize("names", [("train", "bus"), ("eval", "bus"), ("dev", "eval"), ("train", "test", "bus")])
def test_a_class_may_be_called_like_a_split(tmp_path: Path, names: tuple[str, ...]) -> None:
    make(tmp_path, *(f"{name}/0.png" for name in names))
    assert read_layout(tmp_path).folders == {"train": tmp_path}


@pytest.mark.parametrize("name", ["holdout", "eval", "dev", "Test", "unknown"])
def test_no_folder_beside_splits_is_a_class(tmp_path: Path, name: str) -> None:
    make(tmp_path, "train/cat/0.png", f"{name}/cat/0.png")
    layout = read_layout(tmp_path)
    told = [line for line in layout.left_out if line.startswith(f"{tmp_path / name}: ")]
    assert layout.folders["train"] == tmp_path / "train"
    assert len(told) == (tmp_path / name not in layout.folders.values())
