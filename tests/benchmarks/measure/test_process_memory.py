import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from edge_cifar.benchmarks.measure import process_memory
from edge_cifar.benchmarks.measure.process_memory import peak_bytes


def test_the_peak_holds_what_was_given_back() -> None:
    before = peak_bytes()
    np.ones(before, np.uint8)
    assert peak_bytes() > 1.5 * before


class Kernel32:
    """Of kernel32.dll what is asked for, as psapi.h declares it."""

    def __init__(self, name: str, use_last_error: bool):
        assert (name, use_last_error) == ("kernel32", True)
        self.GetCurrentProcess = Function(lambda: 2**64 - 1)
        self.K32GetProcessMemoryInfo = Function(self.fill)

    def fill(self, process: int, counters: Any, size: int) -> int:
        assert (process, size) == (2**64 - 1, ctypes.sizeof(process_memory._Counters))
        ctypes.memmove(ctypes.addressof(counters._obj) + 8, (123_456_789).to_bytes(8, sys.byteorder), 8)
        return 1


class Function:
    """A function of a library: what it takes and returns may be set."""

    def __init__(self, function: Any):
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


def test_windows_is_asked_where_there_is_neither_proc_nor_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_memory, "STATUS", Path("/no/such/file"))
    monkeypatch.setitem(sys.modules, "resource", None)  # an import of it fails, as on Windows
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WinDLL", Kernel32, raising=False)
    assert ctypes.sizeof(process_memory._Counters) == 72  # what 64-bit Windows expects
    assert peak_bytes() == 123_456_789


def test_what_windows_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kernel32, "fill", lambda *_: 0)
    monkeypatch.setattr(ctypes, "WinDLL", Kernel32, raising=False)
    with pytest.raises(OSError, match="memory"):
        process_memory._windows_counters()


def test_macos_counts_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_memory, "STATUS", Path("/no/such/file"))
    usage = SimpleNamespace(RUSAGE_SELF=0, getrusage=lambda _: SimpleNamespace(ru_maxrss=50_000_000))
    monkeypatch.setitem(sys.modules, "resource", usage)
    assert peak_bytes() == 50_000_000
