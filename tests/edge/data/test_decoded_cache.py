"""The cache of decoded photos: quick when nothing changed, never wrong when something did, never in the way."""

import ast
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data import decoded_cache
from edge_cifar.edge.data.decoded_file import write_decoded
from edge_cifar.edge.data.image_folder import load_folder
from PIL import Image

LOAD = """
import sys
from pathlib import Path
from edge_cifar.edge.data import decoded_cache
from edge_cifar.edge.data.image_folder import load_folder
decoded_cache.SETTLED = 0
print(load_folder(Path(sys.argv[1]), 4).digest())
"""


@pytest.fixture(autouse=True, params=["few", "many"])
def entries(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the entries of an empty cache will be; photos made just now are kept, and many are read from it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(decoded_cache, "SETTLED", 0)
    monkeypatch.setattr(decoded_cache, "RESERVE", 0)
    if request.param == "many":
        monkeypatch.setattr(decoded_cache, "IN_MEMORY", 0)
    return tmp_path / "cache" / "edge-cifar" / "photos"


@pytest.fixture
def folder(dataset: Path) -> Path:
    """5 cats and 5 dogs."""
    return dataset / "test"


def plant(entry: Path) -> None:
    """Put white images into an entry, so that they are recognised when they come from there."""
    with np.load(entry) as arrays:
        images, readable = np.full_like(arrays["images"], 255), arrays["readable"]
    with entry.open("wb") as file:
        write_decoded(file, len(images), images.shape[1], [(images, readable)])


def is_from_cache(folder: Path, size: int = 4) -> bool:
    return bool(load_folder(folder, size).images[:].min() == 255)


def photo_entries(entries: Path) -> list[Path]:
    """Return the entries that hold photos; others hold digests of splits."""
    return [path for path in entries.iterdir() if "images" in np.load(path)]


def test_a_second_start_takes_the_decoded_photos(folder: Path, entries: Path) -> None:
    (folder / "cat" / "bad.png").write_bytes(b"no photo")
    first, second = load_folder(folder, 4), load_folder(folder, 4)
    assert second.digest() == first.digest()
    assert second.unreadable == first.unreadable
    (entry,) = photo_entries(entries)
    plant(entry)
    assert is_from_cache(folder)
    assert not is_from_cache(folder, size=8)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_nobody_else_sees_the_photos(folder: Path, entries: Path) -> None:
    load_folder(folder, 4)
    assert entries.stat().st_mode & 0o077 == 0


def test_a_folder_is_known_again_by_another_name(folder: Path, entries: Path) -> None:
    load_folder(folder, 4)
    plant(*photo_entries(entries))
    folder.rename(folder.parent / "elsewhere")
    assert is_from_cache(folder.parent / "elsewhere")


def test_other_pixels_in_a_file_of_the_same_size_and_time_are_noticed(folder: Path, entries: Path) -> None:
    path = folder / "cat" / "0.png"
    Image.new("RGB", (8, 8), (10, 0, 0)).save(path)
    before, digest = path.stat(), load_folder(folder, 4).digest()
    plant(*photo_entries(entries))
    Image.new("RGB", (8, 8), (11, 0, 0)).save(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert not is_from_cache(folder)
    assert load_folder(folder, 4).digest() != digest


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "swapped"])
def test_other_files_are_noticed(folder: Path, entries: Path, change: str) -> None:
    load_folder(folder, 4)
    plant(*photo_entries(entries))
    one, two, new = (folder / "cat" / name for name in ("0.png", "1.png", "new.png"))
    if change == "added":
        shutil.copy(one, new)
    elif change == "removed":
        one.unlink()
    elif change == "renamed":
        one.rename(new)
    else:
        one.rename(new), two.rename(one), new.rename(two)
    assert not is_from_cache(folder)


def test_another_pillow_or_photo_contract_is_another_entry(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_folder(folder, 4)
    monkeypatch.setattr("PIL.__version__", "0")
    load_folder(folder, 4)
    monkeypatch.setattr(decoded_cache, "_decoder", lambda: b"another")
    load_folder(folder, 4)
    assert len(list(entries.iterdir())) == 3


def test_photos_that_changed_a_moment_ago_are_not_kept(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded_cache, "SETTLED", 3600)
    load_folder(folder, 4)
    assert not entries.exists() or not list(entries.iterdir())


def test_a_photo_that_can_be_read_after_all_comes_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("edge_cifar.edge.photos.limits.MAX_PIXELS", 4)  # as too little memory would
        Image.new("RGB", (2, 2)).save(folder / "cat" / "small.png")
        Image.new("RGB", (2, 2)).save(folder / "dog" / "small.png")
        assert len(load_folder(folder, 4)) == 2
    assert len(load_folder(folder, 4)) == 12


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "other arrays", "a folder"])
def test_a_damaged_entry_is_as_good_as_none(folder: Path, entries: Path, damage: str) -> None:
    digest = load_folder(folder, 4).digest()
    (entry,) = photo_entries(entries)
    content = bytearray(entry.read_bytes())
    content[300] ^= 1  # a pixel
    if damage == "flipped":
        entry.write_bytes(content)
    elif damage == "cut":
        entry.write_bytes(content[:-100])
    elif damage == "empty":
        entry.write_bytes(b"")
    elif damage == "other arrays":
        np.savez(entry, images=np.zeros((1, 4, 4, 4), np.uint8), readable=np.ones(10, bool))
    else:
        entry.unlink()
        entry.mkdir()
    assert load_folder(folder, 4).digest() == digest
    if damage != "a folder":
        plant(entry)
        assert is_from_cache(folder)  # it was written anew


@pytest.mark.parametrize("obstacle", ["a file", "/dev/null", "/proc"])
def test_a_cache_that_cannot_be_written_is_done_without(
    folder: Path, tmp_path: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / obstacle))
    assert load_folder(folder, 4).digest() == load_folder(folder, 4).digest()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't limit the size of files")
def test_a_full_disk_is_done_without_and_leaves_nothing(folder: Path, entries: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))" + LOAD
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", limited, folder], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert list(entries.iterdir()) == []
    assert done.stdout.strip() == load_folder(folder, 4).digest()


def test_processes_may_fill_it_at_once(folder: Path, entries: Path) -> None:
    command = [sys.executable, "-c", LOAD, folder]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True, check=False), range(3)))
    assert {run.stdout.strip() for run in done} == {load_folder(folder, 4).digest()}
    assert len(photo_entries(entries)) == 1


def test_the_entries_unused_for_longest_make_room(folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_folder(folder, 4)
    (first,) = photo_entries(entries)
    load_folder(folder, 6)
    (second,) = set(entries.iterdir()) - {first}
    for age, entry in ((200, first), (100, second)):
        os.utime(entry, (entry.stat().st_mtime - age, entry.stat().st_mtime - age))
    load_folder(folder, 4)  # used again: now the second is the oldest
    limit = sum(entry.stat().st_size for entry in (first, second)) + 100
    monkeypatch.setattr(decoded_cache, "LIMIT", limit)
    load_folder(folder, 5)
    assert first.exists()
    assert not second.exists()
    assert sum(entry.stat().st_size for entry in entries.iterdir()) <= limit


def test_what_is_larger_than_the_whole_cache_is_not_kept(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded_cache, "LIMIT", 100)
    load_folder(folder, 4)
    assert list(entries.iterdir()) == []


def test_what_a_killed_process_left_is_removed(folder: Path, entries: Path) -> None:
    entries.mkdir(parents=True)
    old, new = entries / ".edge-cifar-01234567", entries / ".edge-cifar-89abcdef"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    load_folder(folder, 4)
    assert not old.exists()
    assert new.exists()


def test_every_module_that_decides_pixels_is_in_the_key() -> None:
    folder = Path(decoded_cache.__file__).parents[1] / "photos"
    found, todo = set(), {"contract"}
    while todo:
        module = todo.pop()
        found.add(module)
        imports = (node for node in ast.walk(ast.parse((folder / f"{module}.py").read_text())))
        names = {node.module for node in imports if isinstance(node, ast.ImportFrom) and node.level == 1}
        todo |= {name for name in names if name} - found
    assert found - {"suffixes"} == set(decoded_cache.DECIDES)


def test_another_codec_is_another_entry(folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_folder(folder, 4)
    monkeypatch.setattr("PIL.features.version", lambda _: "0")
    load_folder(folder, 4)
    assert len(list(entries.iterdir())) == 2
