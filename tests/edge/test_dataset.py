import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.dataset import (
    CIFAR10_LABELS,
    cifar10_cache,
    load_folder,
    load_split,
    load_test,
    load_train_val,
    same_labels,
    stratified_sample,
    stratified_split,
)
from edge_cifar.edge.errors import DataError

Write = Callable[..., None]


@pytest.fixture
def write_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write arrays where CIFAR-10 is cached."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def write(**arrays: object) -> None:
        cifar10_cache().parent.mkdir(parents=True)
        with cifar10_cache().open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    return write


def test_classes_and_files_are_in_sorted_order(dataset: Path) -> None:
    images = load_test(str(dataset), 4)
    assert images.labels == ("cat", "dog")
    assert images.targets.tolist() == [0] * 5 + [1] * 5
    assert images.ids[:2] == ("cat/0.png", "cat/1.png")
    assert images.images.shape == (10, 4, 4, 4)
    assert images.images[1, 0, 0].tolist() == [1, 0, 0, 255]


def test_hidden_and_other_files_are_ignored(dataset: Path) -> None:
    (dataset / "test" / ".git").mkdir()
    (dataset / "test" / "README.md").touch()
    (dataset / "test" / "cat" / ".hidden.png").touch()
    (dataset / "test" / "cat" / "labels.csv").touch()
    images = load_test(str(dataset), 4)
    assert len(images) == 10
    assert images.unreadable == ()


def test_unreadable_photos_are_left_out_and_reported(dataset: Path) -> None:
    (dataset / "test" / "cat" / "2.png").write_bytes(b"no photo")
    (dataset / "test" / "dog" / "empty.jpg").touch()
    images = load_test(str(dataset), 4)
    assert len(images) == 9
    assert "cat/2.png" not in images.ids
    first, second = images.unreadable
    assert "cat/2.png: not a photo" in first
    assert "dog/empty.jpg: empty file" in second


@pytest.mark.parametrize("missing", ["train", "test"])
def test_a_missing_split_folder_is_named(dataset: Path, missing: str) -> None:
    (dataset / missing).rename(dataset / "elsewhere")
    with pytest.raises(DataError, match=f"no folder {missing}/ in it; expected train/<class>"):
        load_split(str(dataset), missing, 4, val_fraction=0.2, val_seed=0)


def test_the_test_images_alone_are_enough_to_be_read(dataset: Path) -> None:
    (dataset / "train").rename(dataset / "elsewhere")
    assert len(load_test(str(dataset), 4)) == 10


def test_no_folder_offers_the_names_that_are_known() -> None:
    with pytest.raises(DataError, match=r"cifar11: no such dataset folder \(or name one of: cifar10, synthetic\)"):
        load_test("cifar11", 32)


def test_one_class_is_too_few(dataset: Path) -> None:
    (dataset / "test" / "cat").rename(dataset / "cat")
    with pytest.raises(DataError, match="1 class folders; a classifier needs at least two"):
        load_test(str(dataset), 4)


@pytest.mark.parametrize("content", [None, b"no photo"])
def test_a_class_without_a_readable_photo_is_named(dataset: Path, content: bytes | None) -> None:
    (dataset / "test" / "cow").mkdir()
    if content is not None:
        (dataset / "test" / "cow" / "0.jpg").write_bytes(content)
    with pytest.raises(DataError, match="test/cow: no readable photo in this class folder"):
        load_test(str(dataset), 4)


def test_a_class_name_that_cannot_be_printed_is_refused(dataset: Path) -> None:
    (dataset / "test" / "cow\n").mkdir()
    with pytest.raises(DataError, match=r"cow\\n: a class name that can't be printed; rename the folder"):
        load_test(str(dataset), 4)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DataError, match="unknown split 'dev'; choose from train, val, test"):
        load_split("synthetic", "dev", 32, val_fraction=0.1, val_seed=0)


def test_validation_is_cut_from_train_and_reproduced_by_name(dataset: Path) -> None:
    train, val = load_train_val(str(dataset), 4, val_fraction=0.2, val_seed=0)
    assert np.bincount(train.targets).tolist() == [8, 8]
    assert np.bincount(val.targets).tolist() == [2, 2]
    assert not set(train.ids) & set(val.ids)
    again = load_split(str(dataset), "val", 4, val_fraction=0.2, val_seed=0)
    assert again.digest() == val.digest()
    assert load_split(str(dataset), "train", 4, val_fraction=0.2, val_seed=0).digest() == train.digest()


def test_a_val_folder_of_its_own_is_used_whole(dataset: Path) -> None:
    (dataset / "test").rename(dataset / "val")
    (dataset / "test").mkdir()
    train, val = load_train_val(str(dataset), 4, val_fraction=0.2, val_seed=0)
    assert (len(train), len(val)) == (20, 10)


def test_a_split_is_stratified_disjoint_and_complete() -> None:
    targets = np.random.RandomState(0).randint(0, 5, 1000)
    kept, held_out = stratified_split(targets, 0.1, seed=3)
    assert sorted([*kept, *held_out]) == list(range(1000))
    expected = [round(0.1 * count) for count in np.bincount(targets)]
    assert np.bincount(targets[held_out]).tolist() == expected
    assert np.all(np.diff(held_out) > 0)


def test_a_seed_always_gives_this_split() -> None:
    targets = np.repeat(np.arange(3), [7, 5, 2])
    kept, held_out = stratified_split(targets, 0.3, seed=7)
    assert held_out.tolist() == [2, 5, 10, 11, 13]
    assert kept.tolist() == [0, 1, 3, 4, 6, 7, 8, 9, 12]


@pytest.mark.parametrize(("fraction", "count"), [(0.001, 1), (0.999, 9)])
def test_every_class_is_on_both_sides(fraction: float, count: int) -> None:
    _, held_out = stratified_split(np.repeat([0, 1], 10), fraction, seed=0)
    assert len(held_out) == 2 * count


def test_a_class_with_one_photo_cannot_be_split() -> None:
    with pytest.raises(DataError, match="a class has a single photo"):
        stratified_split(np.array([0, 0, 1]), 0.5, seed=0)


def test_a_sample_is_spread_evenly_and_pinned() -> None:
    targets = np.repeat(np.arange(3), [7, 5, 2])
    assert stratified_sample(targets, 5, seed=1).tolist() == [2, 6, 9, 10, 12]
    assert np.bincount(targets[stratified_sample(targets, 6, seed=0)]).tolist() == [2, 2, 2]
    assert stratified_sample(targets, 100, seed=0).tolist() == list(range(14))


def test_cifar10_comes_from_the_cache(write_cache: Write) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    write_cache(test_images=pixels, test_targets=np.array([0, 9, 3], np.uint8))
    images = load_test("cifar10", 32)
    assert np.array_equal(images.images[..., :3], pixels)
    assert np.all(images.images[..., 3] == 255)
    assert images.targets.tolist() == [0, 9, 3]
    assert images.targets.dtype == np.int64
    assert images.labels == CIFAR10_LABELS
    assert images.ids == ("test/00000", "test/00001", "test/00002")


@pytest.mark.usefixtures("write_cache")
def test_an_empty_cache_says_how_to_fill_it() -> None:
    with pytest.raises(DataError, match=r"cifar10\.npz: CIFAR-10 is not there yet; `edge-cifar train` downloads it"):
        load_test("cifar10", 32)


def test_cifar10_has_one_size() -> None:
    with pytest.raises(DataError, match="cifar10 images are 32 pixels square, not 64"):
        load_test("cifar10", 64)


IMAGES = np.zeros((2, 32, 32, 3), np.uint8)


@pytest.mark.parametrize(
    "arrays",
    [
        {"train_images": IMAGES},
        {"test_images": IMAGES, "test_targets": np.zeros(3, np.uint8)},
        {"test_images": IMAGES[:, :8], "test_targets": np.zeros(2, np.uint8)},
        {"test_images": IMAGES.astype(float), "test_targets": np.zeros(2, np.uint8)},
        {"test_images": IMAGES, "test_targets": np.array([0, 10], np.uint8)},
        {"test_images": np.array([{}, {}], object), "test_targets": np.zeros(2, np.uint8)},  # pickled
    ],
    ids=["missing", "counts differ", "shape", "type", "class", "pickled"],
)
def test_other_arrays_in_the_cache_are_refused(write_cache: Write, arrays: dict[str, object]) -> None:
    write_cache(**arrays)
    with pytest.raises(DataError, match=r"cifar10\.npz: damaged .*; delete it"):
        load_test("cifar10", 32)


class Bomb:
    """Pickled, it would make a file when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_pickle_in_place_of_the_cache_is_refused_unopened(write_cache: Write, tmp_path: Path) -> None:
    write_cache()
    for content in (pickle.dumps(Bomb(tmp_path / "exploded")), b"PK\x03\x04 half a zip", b""):
        cifar10_cache().write_bytes(content)
        with pytest.raises(DataError, match=r"cifar10\.npz: damaged"):
            load_test("cifar10", 32)
    assert not (tmp_path / "exploded").exists()


def test_a_truncated_cache_is_refused(write_cache: Write) -> None:
    write_cache(test_images=IMAGES, test_targets=np.zeros(2, np.uint8))
    data = cifar10_cache().read_bytes()
    for length in (10, 1000, len(data) - 10):
        cifar10_cache().write_bytes(data[:length])
        with pytest.raises(DataError, match=r"cifar10\.npz: damaged"):
            load_test("cifar10", 32)


def test_labels_that_differ_are_shown() -> None:
    same_labels(("cat", "dog"), ["cat", "dog"], "here")
    with pytest.raises(DataError, match="here: classes dog, cat differ from the expected cat, dog"):
        same_labels(("cat", "dog"), ["dog", "cat"], "here")


def test_load_folder_needs_no_dataset_around_it(dataset: Path) -> None:
    assert len(load_folder(dataset / "train", 4)) == 20
