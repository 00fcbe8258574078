import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos import memory_budget
from edge_cifar.edge.photos.contract import read_photo, read_upright
from edge_cifar.edge.photos.memory_budget import LARGE, MemoryBudget, decoding
from pictures import encode
from PIL import Image

PATIENCE = 30  # seconds; never reached where all is well
MB = 1_000_000


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBudget]:
    monkeypatch.setattr(memory_budget, "_budget", MemoryBudget())
    yield memory_budget._budget
    assert memory_budget._budget._used == 0
    assert not memory_budget._budget._waiting


def test_what_does_not_fit_waits_for_what_is_there(budget: MemoryBudget) -> None:
    inside = threading.Event()

    def second() -> None:
        with budget.claim(100 * MB):
            inside.set()

    with ThreadPoolExecutor(1) as pool:
        with budget.claim(200 * MB):
            waiting = pool.submit(second)
            while not budget._waiting:
                assert not waiting.done()
            assert not inside.is_set()
        waiting.result(PATIENCE)
    assert inside.is_set()


def test_what_fits_goes_side_by_side(budget: MemoryBudget) -> None:
    with budget.claim(100 * MB), budget.claim(100 * MB):
        assert budget._used == 200 * MB


def test_a_photo_larger_than_the_budget_goes_alone(budget: MemoryBudget) -> None:
    with budget.claim(memory_budget.TOGETHER + 1):
        assert budget._used == memory_budget.TOGETHER + 1


def test_a_photo_larger_than_the_free_memory_is_refused_with_both_figures(
    budget: MemoryBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_budget, "memory", lambda: (512 * MB, LARGE - 1))
    with pytest.raises(PhotoError, match="takes 32 MB to decode, more than the 31 MB of memory that are free"):
        read_photo(encode(Image.new("RGB", (2000, 4000)), "PNG", compress_level=1), 8)
    assert read_photo(encode(Image.new("RGB", (2000, 3900)), "PNG", compress_level=1), 8).shape == (8, 8, 4)
    assert not budget._waiting


def test_little_memory_makes_a_small_budget(budget: MemoryBudget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "memory", lambda: (512 * MB, 100 * MB))
    with budget.claim(50 * MB):
        assert budget._fits(25 * MB)
        assert not budget._fits(26 * MB)


@pytest.mark.usefixtures("budget")
@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_a_photo_counts_while_it_is_decoded_and_no_longer(file_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = []
    claim = MemoryBudget.claim
    monkeypatch.setattr(MemoryBudget, "claim", lambda self, needed: (claimed.append(needed), claim(self, needed))[1])
    photo = encode(Image.new("RGB", (1000, 500)), file_format)
    read_photo(photo, 8)
    read_upright(photo)
    with pytest.raises(PhotoError):
        read_photo(photo[:-40], 8)
    assert set(claimed) == {500_000 * {"PNG": 4, "WEBP": 20}[file_format]}


def test_small_photos_do_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(memory_budget, "_budget")
    read_photo(encode(Image.new("RGB", (100, 100)), "PNG"), 8)
    with decoding(memory_budget.SMALL - 1):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_a_photo_is_decoded_starts_anew() -> None:
    code = """
import os, threading
from edge_cifar.edge.photos import memory_budget
held = memory_budget._budget
with held.claim(250_000_000), held._changed:
    child = os.fork()
    if child == 0:
        with memory_budget.decoding(250_000_000):
            os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=PATIENCE, check=False).returncode == 0


def test_errors_hold_on_to_no_pixels() -> None:
    photo = encode(Image.effect_noise((600, 400), 60), "PNG")
    with pytest.raises(PhotoError) as caught:
        read_photo(io.BytesIO(photo[: len(photo) // 2]), 8)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
