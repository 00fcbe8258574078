"""Threads that take turns at reading photos, where that is quick.

Python runs one thread at a time and hands over at each call into the system. Two threads that read small photos do
little but hand over, and one while the other's photos are in the net is faster (`benchmarks/throughput.py`). Large
photos decode outside of Python, side by side.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

QUICK = 0.001  # seconds a photo, on average, below which reading is quick
PATIENCE = 0.05  # seconds to wait for a turn; one that never comes, as after a fork, is done without

Result = TypeVar("Result")


class Turns:
    """Whose turn it is; any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quick = False  # whether the last work was

    def take(self, work: Callable[[], list[Result]]) -> list[Result]:
        """Return the results of `work`, done while no other thread's is if the work before it was quick for each."""
        mine = self._quick and self._lock.acquire(timeout=PATIENCE)
        started = time.perf_counter()
        try:
            results = work()
        finally:
            if mine:
                self._lock.release()
        if results:
            self._quick = time.perf_counter() - started < QUICK * len(results)
        return results
