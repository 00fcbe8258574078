"""Photos of a dataset as files: where they lie, and only as long as they are what was read."""

from pathlib import Path

import numpy as np
import pytest
from edge_cifar.train.data.load_splits import load_dataset
from edge_cifar.train.data.photo_files import PhotoFiles
from PIL import Image


def add_photos(folder: Path, first: int, count: int = 6) -> None:
    for offset, label in ((0, "cat"), (100, "dog")):
        (folder / label).mkdir(parents=True)
        for i in range(first, first + count):
            Image.new("RGB", (8, 8), (i, offset, 7)).save(folder / label / f"{i:03}.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    add_photos(tmp_path / "photos", 0)
    return tmp_path / "photos"


def test_photos_that_were_cut_from_a_folder_lie_in_it(photos: Path) -> None:
    dataset = load_dataset(str(photos), 8, 0.3, 0)
    files = PhotoFiles(dataset)
    assert files.known
    for split, images in dataset.splits.items():
        for name in images.ids:
            assert files.path(split, name) == files.photo(split, name) == photos / name


def test_photos_of_splits_and_of_a_second_folder_lie_in_theirs(tmp_path: Path) -> None:
    for place, name in enumerate(("photos/Training", "photos/test", "more/train", "more/test")):
        add_photos(tmp_path / name, 10 * place)
    dataset = load_dataset(str(tmp_path / "photos"), 8, 0.3, 0, str(tmp_path / "more"))
    files = PhotoFiles(dataset)
    found = {files.photo(split, name) for split, images in dataset.splits.items() for name in images.ids}
    assert found == set(tmp_path.rglob("*.png"))


def test_a_file_that_is_another_photo_now_or_gone_is_shown_as_it_was_read(photos: Path) -> None:
    dataset = load_dataset(str(photos), 8, 0.3, 0)
    changed, gone = dataset.test.ids[:2]
    (photos / changed).write_bytes((photos / dataset.train.ids[0]).read_bytes())
    (photos / gone).unlink()
    files = PhotoFiles(dataset)
    for i, name in enumerate((changed, gone)):
        assert np.array_equal(files.photo("test", name), dataset.test.images[i])


def test_a_dataset_that_is_known_by_name_has_no_files() -> None:
    dataset = load_dataset("synthetic", 8, 0.1, 0)
    files = PhotoFiles(dataset)
    assert not files.known
    assert np.array_equal(files.photo("test", dataset.test.ids[3]), dataset.test.images[3])
