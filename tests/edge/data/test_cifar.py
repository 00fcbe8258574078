import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.cifar import CIFAR10_LABELS, CIFAR100_LABELS, cifar_cache, load_cifar
from edge_cifar.edge.errors import DataError

Write = Callable[..., None]


@pytest.fixture
def write_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write arrays where CIFAR-10, or another, is cached."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def write(name: str = "cifar10", **arrays: object) -> None:
        cifar_cache(name).parent.mkdir(parents=True)
        with cifar_cache(name).open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    return write


def test_cifar10_comes_from_the_cache(write_cache: Write) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    write_cache(test_images=pixels, test_targets=np.array([0, 9, 3], np.uint8))
    images = load_cifar("cifar10", "test", 32)
    assert np.array_equal(images.images[..., :3], pixels)
    assert np.all(images.images[..., 3] == 255)
    assert images.targets.tolist() == [0, 9, 3]
    assert images.targets.dtype == np.int64
    assert images.labels == CIFAR10_LABELS
    assert images.ids == ("test/00000", "test/00001", "test/00002")


@pytest.mark.usefixtures("write_cache")
def test_an_empty_cache_says_how_to_fill_it() -> None:
    with pytest.raises(
        DataError, match=r"cifar10\.npz: cifar10 is not there yet; `edge-cifar train --data cifar10` downloads"
    ):
        load_cifar("cifar10", "test", 32)


def test_cifar10_has_one_size() -> None:
    with pytest.raises(DataError, match="cifar10 images are 32 pixels square, not 64"):
        load_cifar("cifar10", "test", 64)


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
        load_cifar("cifar10", "test", 32)


class Bomb:
    """Pickled, it would make a file when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_pickle_in_place_of_the_cache_is_refused_unopened(write_cache: Write, tmp_path: Path) -> None:
    write_cache()
    for content in (pickle.dumps(Bomb(tmp_path / "exploded")), b"PK\x03\x04 half a zip", b""):
        cifar_cache("cifar10").write_bytes(content)
        with pytest.raises(DataError, match=r"cifar10\.npz: damaged"):
            load_cifar("cifar10", "test", 32)
    assert not (tmp_path / "exploded").exists()


def test_a_truncated_cache_is_refused(write_cache: Write) -> None:
    write_cache(test_images=IMAGES, test_targets=np.zeros(2, np.uint8))
    data = cifar_cache("cifar10").read_bytes()
    for length in (10, 1000, len(data) - 10):
        cifar_cache("cifar10").write_bytes(data[:length])
        with pytest.raises(DataError, match=r"cifar10\.npz: damaged"):
            load_cifar("cifar10", "test", 32)


def test_cifar100_has_a_hundred_fine_labels(write_cache: Write) -> None:
    write_cache("cifar100", test_images=IMAGES, test_targets=np.array([0, 99], np.uint8))
    images = load_cifar("cifar100", "test", 32)
    assert images.labels == CIFAR100_LABELS
    assert len(set(CIFAR100_LABELS)) == 100
    assert [images.labels[target] for target in images.targets] == ["apple", "worm"]
