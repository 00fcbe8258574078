"""Work on a stream of items in threads, a few at a time, the results in order."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Iterable[Item]], list[Result]]

CHUNK = 32  # items handed to a thread together, at most: as many as the net takes at once
BRIEF = 0.1  # seconds that a chunk should take: handing over then costs nothing beside the work, and results come soon
AHEAD = 4  # chunks for each thread that may wait for a slow one before them
PATIENCE = 1.0  # seconds for threads to leave off when the results are no longer wanted


class _AbandonedError(Exception):
    """Nobody waits for the results any more."""


class _Chunk(Generic[Item, Result]):
    """Some items, then their results or what went wrong."""

    def __init__(self, items: list[Item]):
        self.items = items
        self.seconds = 0.0
        self._done = threading.Event()
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def run(self, work: Work[Item, Result], abandoned: threading.Event) -> None:
        """Compute the results; leaves off between two items when `abandoned` is set."""
        started = time.monotonic()
        try:
            self._results = work(_unless(abandoned, self.items))
        except BaseException as error:
            self._error = error
        self.seconds = time.monotonic() - started
        self._done.set()

    def results(self) -> list[tuple[Item, Result]]:
        """Wait for the results and return each with its item. Raises what the work raised."""
        self._done.wait()
        if self._error:
            raise self._error
        return list(zip(self.items, self._results, strict=True))


def in_parallel(
    work: Work[Item, Result], items: Iterable[Item], jobs: int
) -> Generator[list[tuple[Item, Result]], None, None]:
    """Yield the items with their results, some at a time, in order; each of several jobs is a thread that works ahead.

    `work` returns one result for each of the items it is given. Items are taken as threads become free. Raises what
    `work` raises. Closing it stops the threads, but for one that is in the midst of an item for longer than `PATIENCE`.
    """
    items = iter(items)
    abandoned = threading.Event()
    todo: SimpleQueue[_Chunk[Item, Result] | None] = SimpleQueue()
    threads: list[threading.Thread] = []
    ahead = AHEAD * jobs if jobs > 1 else 1
    pending: deque[_Chunk[Item, Result]] = deque()
    size = 1
    try:
        while some := list(islice(items, size)):
            pending.append(_Chunk(some))
            if jobs == 1:
                pending[0].run(work, abandoned)
            else:
                todo.put(pending[-1])
                if len(threads) < jobs:
                    threads.append(threading.Thread(target=_serve, args=(todo, work, abandoned), daemon=True))
                    threads[-1].start()
            if len(pending) == ahead:
                chunk = pending.popleft()
                yield chunk.results()
                size = max(1, min(CHUNK, int(BRIEF / max(chunk.seconds, 1e-9) * len(chunk.items))))
        while pending:
            yield pending.popleft().results()
    finally:
        abandoned.set()
        for _ in threads:
            todo.put(None)
        deadline = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _serve(
    todo: SimpleQueue[_Chunk[Item, Result] | None], work: Work[Item, Result], abandoned: threading.Event
) -> None:
    """Run chunks until there is none."""
    while chunk := todo.get():
        chunk.run(work, abandoned)


def _unless(abandoned: threading.Event, items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if abandoned.is_set():
            raise _AbandonedError
        yield item
