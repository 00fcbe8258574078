from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.image_folder import load_folder
from edge_cifar.edge.errors import DataError
from PIL import Image


@pytest.fixture
def folder(dataset: Path) -> Path:
    """5 cats and 5 dogs."""
    return dataset / "test"


def test_classes_and_files_are_in_sorted_order(folder: Path) -> None:
    images = load_folder(folder, 4)
    assert images.labels == ("cat", "dog")
    assert images.targets.tolist() == [0] * 5 + [1] * 5
    assert images.ids[:2] == ("cat/0.png", "cat/1.png")
    assert images.images.shape == (10, 4, 4, 4)
    assert images.images[1, 0, 0].tolist() == [1, 0, 0, 255]


def test_hidden_and_other_files_are_ignored(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "README.md").touch()
    (folder / "cat" / ".hidden.png").touch()
    (folder / "cat" / ".thumbnails").mkdir()
    (folder / "cat" / ".thumbnails" / "0.png").touch()
    (folder / "cat" / "labels.csv").touch()
    images = load_folder(folder, 4)
    assert len(images) == 10
    assert images.unreadable == ()


def test_photos_in_folders_below_a_class_belong_to_it(folder: Path) -> None:
    (folder / "cat" / "2024" / "may").mkdir(parents=True)
    (folder / "cat" / "1.png").rename(folder / "cat" / "2024" / "may" / "1.png")
    (folder / "cat" / "0.png").rename(folder / "cat" / "z.png")
    (folder / "cat" / "loop").symlink_to(folder, target_is_directory=True)
    images = load_folder(folder, 4)
    assert images.labels == ("cat", "dog")
    assert images.ids[:5] == ("cat/2.png", "cat/2024/may/1.png", "cat/3.png", "cat/4.png", "cat/z.png")
    assert images.images[:5, 0, 0, 0].tolist() == [2, 1, 3, 4, 0]
    assert images.targets.tolist() == [0] * 5 + [1] * 5


def test_photos_of_any_shape_and_turn_are_read(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: lies on its left side
    sideways = Image.new("RGB", (600, 40))
    sideways.paste((255, 255, 255), (300, 0, 600, 40))  # the right half, which is the bottom once it is turned
    sideways.save(folder / "cat" / "a.jpg", exif=exif)
    images = load_folder(folder, 4)
    wide = images.images[images.ids.index("cat/a.jpg")]
    assert wide[0, :, 0].max() < 50
    assert wide[3, :, 0].min() > 200


def test_unreadable_photos_are_left_out_and_reported(folder: Path) -> None:
    (folder / "cat" / "2.png").write_bytes(b"no photo")
    (folder / "dog" / "empty.jpg").touch()
    images = load_folder(folder, 4)
    assert len(images) == 9
    assert "cat/2.png" not in images.ids
    assert np.bincount(images.targets).tolist() == [4, 5]
    assert images.images[:, 0, 0, 0].tolist() == [0, 1, 3, 4, 200, 201, 202, 203, 204]
    first, second = images.unreadable
    assert "cat/2.png: not a photo" in first
    assert "dog/empty.jpg: empty file" in second


def test_one_class_is_too_few(folder: Path) -> None:
    (folder / "cat").rename(folder.parent / "cat")
    with pytest.raises(DataError, match="1 class folder; a classifier needs at least two"):
        load_folder(folder, 4)


@pytest.mark.parametrize("content", [None, b"no photo"])
def test_a_class_without_a_readable_photo_is_named(folder: Path, content: bytes | None) -> None:
    (folder / "cow").mkdir()
    if content is not None:
        (folder / "cow" / "0.jpg").write_bytes(content)
    with pytest.raises(DataError, match="test/cow: no readable photo in this class folder"):
        load_folder(folder, 4)


def test_a_class_name_that_cannot_be_printed_is_refused(folder: Path) -> None:
    (folder / "cow\n").mkdir()
    with pytest.raises(DataError, match=r"cow\\n: a class name that can't be printed; rename the folder"):
        load_folder(folder, 4)


def test_more_pixels_than_there_is_memory_for_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"10 photos at 10000000 pixels .*; choose a smaller --size"):
        load_folder(folder, 10_000_000)


@pytest.mark.parametrize("alike", ["Cat", "CAT"])
def test_class_names_that_differ_in_case_only_are_refused(folder: Path, alike: str) -> None:
    (folder / alike).mkdir()
    with pytest.raises(DataError, match="too much alike; rename or join them"):
        load_folder(folder, 4)


def test_runs_beside_the_classes_are_no_class(folder: Path) -> None:
    (folder / "runs" / "a").mkdir(parents=True)
    (folder / "runs" / "a" / "config.json").write_text('{"recipe": {}, "data": {}, "versions": {}}')
    (folder / "cat" / "0.png").rename(folder / "runs" / "a" / "curves.png")
    images = load_folder(folder, 4)
    assert images.labels == ("cat", "dog")
    assert images.left_out == (f"{folder / 'runs'}: made by edge-cifar, no class",)


def test_an_empty_class_says_what_lies_there_instead(folder: Path) -> None:
    (folder / "cow").mkdir()
    (folder / "cow" / "a.heic").touch()
    with pytest.raises(DataError, match=r"no readable photo in this class folder \(but 1 HEIC\); add some"):
        load_folder(folder, 4)
