"""The memory that all photos decoded at the same moment may take together, however many threads decode.

A photo that doesn't fit waits for those before it; one larger than the whole budget is decoded alone, or refused
where the machine has less than it takes. A forked child starts with a budget of its own: its parent's threads, and what
they hold, are not there.
"""

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

from ..errors import PhotoError
from ..machine.memory import memory

SMALL = 1_000_000
"""Bytes below which a photo takes no part: hundreds of them fit, and asking would cost more than it saves."""

LARGE = 32_000_000
"""Bytes from which on it is looked up how much memory there is: decoding as much takes far longer than the look."""

TOGETHER = 270_000_000
"""Bytes that photos decoded at once may take together; one alone may take `MAX_DECODE_BYTES`."""

SHARE = 0.75
"""Of the available memory that photos may take."""


class MemoryBudget:
    """Bytes that photos hold, and those who wait for theirs, in the order in which they came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._total = TOGETHER
        self._used = 0

    @contextmanager
    def claim(self, needed: int) -> Iterator[None]:
        """Hold `needed` bytes, and wait for them if need be. Raises PhotoError where the machine has not that many."""
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is turn and self._fits(needed))
                self._used += needed
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
        try:
            yield
        finally:
            if needed >= LARGE:
                _give_back()
            with self._changed:
                self._used -= needed
                self._changed.notify_all()

    def _fits(self, needed: int) -> bool:
        if self._used:
            return self._used + needed <= self._total
        if needed >= LARGE and (available := memory()[1]):
            self._total = min(TOGETHER, int(SHARE * available))
            if needed > available:
                raise PhotoError(
                    f"takes {needed // 10**6} MB to decode, more than the {available // 10**6} MB of memory that are "
                    "free; shrink the photo first"
                )
        return True


def _give_back() -> None:
    """Return what was freed to the system: glibc would keep up to 64 MB of it for each thread that has decoded."""
    if trim := _malloc_trim():
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """Return glibc's malloc_trim, None where the C library is another."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # TypeError: Windows
        return None
    return trim


_budget = MemoryBudget()


def decoding(needed: int) -> AbstractContextManager[None]:
    """Take part in this process's budget with `needed` bytes. Raises PhotoError where the machine has not that many."""
    return nullcontext() if needed < SMALL else _budget.claim(needed)


def _start_anew() -> None:
    global _budget
    _budget = MemoryBudget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
