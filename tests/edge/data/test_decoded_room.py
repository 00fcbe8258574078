"""Many decoded photos: where they lie when the cache has no room for them, and how they are read."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from edge_cifar.edge.data import decoded_cache
from edge_cifar.edge.data.image_folder import load_folder
from edge_cifar.edge.data.pixel_rows import PixelRows
from edge_cifar.edge.errors import DataError


@pytest.fixture(autouse=True)
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the entries of an empty cache will be; photos made just now are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(decoded_cache, "SETTLED", 0)
    monkeypatch.setattr(decoded_cache, "RESERVE", 0)
    return tmp_path / "cache" / "edge-cifar" / "photos"


@pytest.fixture
def folder(dataset: Path) -> Path:
    """5 cats and 5 dogs."""
    return dataset / "test"


def test_many_photos_are_read_as_they_are_needed(folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = load_folder(folder, 4)
    monkeypatch.setattr(decoded_cache, "IN_MEMORY", 0)
    many = load_folder(folder, 4)
    assert isinstance(few.images, np.ndarray)
    assert isinstance(many.images, PixelRows)
    assert np.array_equal(many.images[:], few.images)
    assert many.digest() == few.digest()
    assert many.digest() == few.digest()  # kept
    assert len(list(entries.iterdir())) == 2


def test_a_full_cache_makes_room_on_the_disk(folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_folder(folder, 4)
    free = SimpleNamespace(free=10 * 8 * 8 * 3 - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    load_folder(folder, 8)
    (entry,) = entries.iterdir()
    with np.load(entry) as arrays:
        assert arrays["images"].shape == (10, 8, 8, 3)


def test_without_room_in_the_cache_many_photos_go_into_a_temporary_file_and_it_is_said(
    folder: Path, entries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = load_folder(folder, 4).digest()
    shutil.rmtree(entries)
    monkeypatch.setattr(decoded_cache, "IN_MEMORY", 0)
    monkeypatch.setattr(decoded_cache, "LIMIT", 100)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    images = load_folder(folder, 4)
    assert images.digest() == digest
    assert list((tmp_path / "temporary").iterdir()) == []  # it has no name
    (remark,) = images.remarks
    assert re.fullmatch(
        r"10 photos at 4 pixels take 0.0 GB decoded, in a temporary file, so that the next start decodes them again "
        r"\(.*photos: .* GB free, of which it may have 0\)",
        remark,
    )


def test_without_room_on_any_disk_photos_are_held_in_memory_or_refused_in_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = load_folder(folder, 4).digest()
    (folder / "cat" / "bad.png").write_bytes(b"no photo")
    monkeypatch.setattr(decoded_cache, "IN_MEMORY", 0)
    monkeypatch.setattr(decoded_cache, "RESERVE", 1 << 60)
    images = load_folder(folder, 4)
    assert images.digest() == digest
    assert "11 photos at 4 pixels take 0.0 GB decoded, in memory" in images.remarks[0]
    monkeypatch.setattr(decoded_cache, "this_machine", lambda: SimpleNamespace(available_bytes=10))
    with pytest.raises(DataError, match=r"11 photos at 4 pixels take .*, more than is free .* choose a smaller --size"):
        load_folder(folder, 4)
