import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.cifar import CIFAR10_LABELS
from edge_cifar.edge.data.datasets import load_split
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.splits.split_rules import ALIKE
from edge_cifar.train.data.cifar_download import ARCHIVES
from edge_cifar.train.data.load_splits import load_dataset
from PIL import Image

from ..conftest import SmallArchive


def write_photos(folder: Path, count: int = 5, first: int = 0) -> None:
    """Write PNGs of one value each: `first`, `first` + 1, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(first, first + count):
        Image.new("RGB", (8, 8), (i, i, i)).save(folder / f"{i}.png")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """20 training and 10 test photos of cats and dogs, no two alike."""
    for n, place in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        write_photos(tmp_path / "pets" / place, 10 if place.startswith("train") else 5, first=20 * n)
    return tmp_path / "pets"


@pytest.mark.usefixtures("cache")
def test_cifar10_is_downloaded_once(small_archive: SmallArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, _ = small_archive("cifar10")
    monkeypatch.setitem(ARCHIVES, "cifar10", archive)
    dataset = load_dataset("cifar10", 32, 0.1, 0)
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (90, 10, 20)
    assert dataset.test.labels == CIFAR10_LABELS

    monkeypatch.setitem(ARCHIVES, "cifar10", replace(archive, url="http://127.0.0.1:1/nothing-listens-here"))
    assert load_dataset("cifar10", 32, 0.1, 0).describe() == dataset.describe()


def test_a_test_split_with_other_classes_is_refused(pets: Path) -> None:
    (pets / "test" / "dog").rename(pets / "test" / "cow")
    with pytest.raises(DataError, match="other classes than in training: 'cow' is no class"):
        load_dataset(str(pets), 8, 0.1, 0)


def test_the_description_tells_changed_pixels(pets: Path) -> None:
    before = load_dataset(str(pets), 8, 0.25, 0).describe()
    Image.new("RGB", (8, 8), (99, 0, 0)).save(pets / "test/dog/60.png")
    assert load_dataset(str(pets), 8, 0.25, 0).describe() != before


def test_the_description_can_be_read_by_a_person(pets: Path) -> None:
    description = json.loads(json.dumps(load_dataset(str(pets / "train"), 8, 0.25, 7).describe()))
    assert description["cut"] == {"test": {"fraction": 0.2, "seed": 0}, "val": {"fraction": 0.25, "seed": 7}}
    assert description["rule"] == "content"
    assert sum(sum(counts.values()) for counts in description["scan"]["counts"].values()) == 20
    assert description["extra"] is None


def test_photos_in_two_splits_are_not_trained_on(pets: Path) -> None:
    write_photos(pets / "test" / "dog", 1, first=3)
    dataset = load_dataset(str(pets), 8, 0.1, 0)
    assert "cat/3.png" not in dataset.train.ids
    assert dataset.scan.twins == (("train/cat/3.png", "test/dog/3.png"),)
    assert dataset.describe()["splits"]["train"]["n"] == 17  # type: ignore[index]


def test_extra_photos_are_added_split_by_split_and_new_classes_follow(pets: Path, tmp_path: Path) -> None:
    for n, label in enumerate(("bird", "dog", "ant")):
        write_photos(tmp_path / "mine" / label, 10, first=100 + 20 * n)
    dataset = load_dataset(str(pets), 8, 0.1, 0, extra=str(tmp_path / "mine"))
    assert dataset.train.labels == ("cat", "dog", "ant", "bird")
    assert [split.labels for split in (dataset.val, dataset.test)] == [dataset.train.labels] * 2
    counted = [np.array(list(dataset.scan.counts[split].values())) for split in ("train", "val", "test")]
    assert sum(counted).tolist() == [15, 15 + 10, 10, 10]
    assert min(counts.min() for counts in counted) > 0
    assert dataset.scan.counts["test"]["cat"] == 5
    for split in (dataset.train, dataset.val, dataset.test):
        for i, target, image in zip(split.ids, split.targets, split.images, strict=True):
            label, name = i.removeprefix("extra/").split("/")
            assert (split.labels[target], f"{image[0, 0, 0]}.png") == (label, name)
    assert dataset.describe()["extra"] == str(tmp_path / "mine")
    assert set(dataset.cut) == {"val", "test"}


def test_a_device_finds_the_splits_of_the_extra_photos_again(pets: Path, tmp_path: Path) -> None:
    for n, label in enumerate(("bird", "ant")):
        write_photos(tmp_path / "mine" / label, 10, first=100 + 20 * n)
    dataset = load_dataset(str(pets), 8, 0.1, 5, extra=str(tmp_path / "mine"))
    for name, split in (("val", dataset.val), ("test", dataset.test)):
        alone = load_split(str(tmp_path / "mine"), name, 8, val_fraction=0.1, val_seed=5)
        assert [i for i in split.ids if i.startswith("extra/")] == [f"extra/{i}" for i in alone.ids]


def test_an_extra_class_with_too_few_photos_is_named(pets: Path, tmp_path: Path) -> None:
    write_photos(tmp_path / "mine" / "bird", 10, first=100)
    write_photos(tmp_path / "mine" / "ant", 2, first=120)
    with pytest.raises(DataError, match="mine: class 'ant' has 2 photos, too few"):
        load_dataset(str(pets), 8, 0.1, 0, extra=str(tmp_path / "mine"))


def test_pixels_are_joined_in_order(pets: Path) -> None:
    once, twice = (load_dataset(str(pets), 8, 0.1, 0, extra=extra) for extra in (None, str(pets)))
    assert np.array_equal(twice.test.images, np.concatenate([once.test.images] * 2))


def test_classes_too_small_to_be_cut_for_good_are_named(tmp_path: Path) -> None:
    for label, count in (("cat", 60), ("dog", 60)):
        write_photos(tmp_path / "mine" / label, count, first=0 if label == "cat" else 100)
    assert load_dataset(str(tmp_path / "mine"), 8, 0.1, 0).scan.remarks == ()
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "mine" / "dog" / "x.png")
    lines = []
    for first in range(170, 230, 3):
        write_photos(tmp_path / "mine" / "cow", 3, first=first)
        lines += load_dataset(str(tmp_path / "mine"), 8, 0.1, 0).scan.remarks
        shutil.rmtree(tmp_path / "mine" / "cow")
    assert set(lines) == {"few photos of cow: which of them test may change when photos come or go, so add photos"}


@pytest.mark.parametrize("way", ["extra", "split folders"])
def test_look_alikes_in_two_folders_are_told(tmp_path: Path, way: str) -> None:
    random = np.random.RandomState(0)
    folders = ("data", "more") if way == "extra" else ("data/train", "data/test")
    for label in ("cat", "dog"):
        for folder in folders:
            (tmp_path / folder / label).mkdir(parents=True)
        for i in range(20):
            pixels = random.randint(0, 246, (8, 8, 3)).astype(np.uint8)
            for brighter, folder in enumerate(folders):
                picture = Image.fromarray(pixels + np.uint8(brighter)).resize((32, 32), Image.Resampling.NEAREST)
                picture.save(tmp_path / folder / label / f"{i}.png")
    extra = str(tmp_path / "more") if way == "extra" else None
    dataset = load_dataset(str(tmp_path / "data"), 32, 0.1, 0, extra=extra, rule=ALIKE)
    learned = {Path(name).stem + name.split("/")[-2] for name in dataset.train.ids}
    held_out = [name for split in (dataset.val, dataset.test) for name in split.ids]
    count = sum(Path(name).stem + name.split("/")[-2] in learned for name in held_out)
    told = f"{count} validation and test photos look like training photos of another folder: their accuracy flatters"
    assert count
    assert told in dataset.scan.remarks
    assert not any("look like" in line for line in load_dataset(str(tmp_path / "data"), 32, 0.1, 0).scan.remarks)
