"""What the tests of the trainer share: archives in the layout of CIFAR's, served from this machine."""

import hashlib
import io
import os
import pickle
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.benchmarks.browser.hosting import plain_hosting
from edge_cifar.train.data.cifar_download import ARCHIVES, Archive

# Threads that wait for each other in loops make nets this small slower, and ten times as slow beside other programs.
os.environ["OMP_NUM_THREADS"] = "1"  # of what the tests start
torch.set_num_threads(1)

PER_BATCH = 20  # images

SmallArchive = Callable[[str], tuple[Archive, dict[str, np.ndarray]]]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small_archive(tmp_path: Path) -> Iterator[SmallArchive]:
    """Serve an archive with 20 random images a batch in the layout of "cifar10" or "cifar100"."""
    folder = tmp_path / "served"
    folder.mkdir()
    with plain_hosting(folder) as served:

        def build(name: str) -> tuple[Archive, dict[str, np.ndarray]]:
            pixels = write_archive(folder / f"{name}.tar.gz", ARCHIVES[name])
            sha256 = hashlib.sha256((folder / f"{name}.tar.gz").read_bytes()).hexdigest()
            return replace(ARCHIVES[name], url=f"{served}{name}.tar.gz", sha256=sha256), pixels

        yield build


def write_archive(path: Path, archive: Archive) -> dict[str, np.ndarray]:
    """Write random images in the layout of `archive`; return the pixels of each batch, uint8 (20, 3072)."""
    random = np.random.RandomState(0)
    pixels = {}
    with tarfile.open(path, "w:gz") as tar:
        for name in sorted(batch for batches in archive.batches.values() for batch in batches):
            pixels[name] = random.randint(0, 256, (PER_BATCH, 3072)).astype(np.uint8)
            labels = [i % 10 for i in range(PER_BATCH)]
            content = pickle.dumps({"data": pixels[name], archive.labels_key: labels}, protocol=4)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return pixels
