import hashlib
import io
import pickle
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from edge_cifar.edge.dataset import CIFAR10_LABELS, cifar10_cache
from edge_cifar.edge.errors import DataError
from edge_cifar.train.data import load_dataset
from PIL import Image
from torchvision.datasets import CIFAR10

PER_BATCH = 20  # images in each of the six batches of the archive that stands for CIFAR-10


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, np.ndarray]]:
    """A CIFAR-10 archive of 120 random images in the original layout, served where torchvision will fetch it."""
    random = np.random.RandomState(0)
    batches: dict[str, bytes] = {"batches.meta": pickle.dumps({"label_names": list(CIFAR10_LABELS)})}
    pixels = {}
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        pixels[name] = random.randint(0, 256, (PER_BATCH, 3072)).astype(np.uint8)
        batches[name] = pickle.dumps({"data": pixels[name], "labels": [i % 10 for i in range(PER_BATCH)]})
    archive = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in batches.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in batches.items()}
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", md5[f"data_batch_{i}"]] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5["batches.meta"]})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=tmp_path)) as server:
        Thread(target=server.serve_forever).start()
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{server.server_port}/{archive.name}")
        yield pixels
        server.shutdown()


def test_cifar10_is_downloaded_once_and_leaves_no_pickle(
    cache: Path, small_archive: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = load_dataset("cifar10", 32, 0.1, 0)
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (90, 10, 20)
    first = small_archive["test_batch"][0].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(dataset.test.images[0, ..., :3], first)
    assert dataset.test.labels == CIFAR10_LABELS
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["cifar10.npz"]

    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:1/nothing-listens-here")
    assert load_dataset("cifar10", 32, 0.1, 0).describe() == dataset.describe()


@pytest.mark.usefixtures("small_archive")
def test_a_damaged_download_is_refused_and_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CIFAR10, "tgz_md5", "0" * 32)
    with pytest.raises(DataError, match="can't download CIFAR-10"):
        load_dataset("cifar10", 32, 0.1, 0)
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("cache")
def test_no_network_is_one_line_that_offers_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:1/nothing-listens-here")
    with pytest.raises(DataError, match="check the network, or pass --data DIR") as caught:
        load_dataset("cifar10", 32, 0.1, 0)
    assert "\n" not in str(caught.value)
    assert not cifar10_cache().exists()


def test_a_test_split_with_other_classes_is_refused(tmp_path: Path) -> None:
    for place in ("train/cat", "train/dog", "test/cat", "test/cow"):
        for i in range(3):
            path = tmp_path / place / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (i, i, i)).save(path)
    with pytest.raises(DataError, match="classes cat, cow differ from the expected cat, dog"):
        load_dataset(str(tmp_path), 32, 0.1, 0)


def test_the_description_tells_changed_pixels(tmp_path: Path) -> None:
    for place in ("train/cat", "train/dog", "test/cat", "test/dog"):
        for i in range(4):
            path = tmp_path / place / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (32, 32), (i, i, i)).save(path)
    before = load_dataset(str(tmp_path), 32, 0.25, 0).describe()
    Image.new("RGB", (32, 32), (99, 0, 0)).save(tmp_path / "test/dog/0.png")
    after = load_dataset(str(tmp_path), 32, 0.25, 0).describe()
    assert before != after
