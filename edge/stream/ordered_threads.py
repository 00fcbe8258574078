"""Work on a stream of items in threads, a few at a time, the results in order and as soon as they are there."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Work = Callable[[Iterable[Item]], list[Answer]]

CHUNK = 32  # items handed to a thread together, at most: as many as the net takes at once
BRIEF = 0.1  # seconds that a chunk should take: handing over then costs nothing beside the work, and results come soon
AHEAD = 4  # chunks for each thread that may wait for a slow one before them
PATIENCE = 1.0  # seconds for threads to leave off when the results are no longer wanted
MOMENT = 0.05  # and for one that waits for the next item, which may never come


class _AbandonedError(Exception):
    """Nobody waits for the results any more."""


class _Chunk(Generic[Item, Answer]):
    """Some items, then their results or what went wrong; without either it marks the end."""

    def __init__(self, items: list[Item], error: BaseException | None = None):
        self.items = items
        self.seconds = 0.0
        self._done = threading.Event()
        self._results: list[Answer] = []
        self._error = error
        if error or not items:
            self._done.set()

    def run(self, work: Work[Item, Answer], abandoned: threading.Event) -> None:
        """Compute the results; leaves off between two items when `abandoned` is set."""
        started = time.monotonic()
        try:
            self._results = work(_unless(abandoned, self.items))
        except BaseException as error:
            self._error = error
        self.seconds = time.monotonic() - started
        self._done.set()

    def results(self) -> list[tuple[Item, Answer]]:
        """Wait for the results and return each with its item. Raises what the work, or getting the items, raised."""
        self.wait()
        if self._error:
            raise self._error
        return list(zip(self.items, self._results, strict=True))

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the work is done, or for so long."""
        self._done.wait(seconds)


class _Source(Generic[Item]):
    """Items, taken some at a time: as many as a thread can work on briefly."""

    def __init__(self, items: Iterable[Item | None]):
        self._items = iter(items)
        self._size = 1
        self._error: Exception | None = None

    def take(self) -> list[Item]:
        """Return the next items, none at the end; never waits for one while it holds another."""
        if self._error:
            raise self._error
        some: list[Item] = []
        try:
            for item in self._items:
                if item is not None:
                    some.append(item)
                if len(some) == self._size or (some and item is None):
                    break
        except Exception as error:
            if not some:
                raise
            self._error = error  # its turn comes after these
        return some

    def took(self, chunk: "_Chunk[Item, Answer]") -> None:
        """Hear how long a chunk took."""
        self._size = max(1, min(CHUNK, int(BRIEF / max(chunk.seconds, 1e-9) * len(chunk.items))))


def in_parallel(
    work: Work[Item, Answer], items: Iterable[Item | None], jobs: int
) -> Generator[list[tuple[Item, Answer]], None, None]:
    """Yield the items with their results, some at a time, in order; each of several jobs is a thread that works ahead.

    `work` returns one result for each of the items it is given. Items are taken as threads become free, in one thread
    at a time; None among them means that the next may be long in coming, and those before it are worked on meanwhile.
    Raises what `work` or `items` raises, after the results before that. Closing it stops the threads, but for one that
    is in the midst of an item for longer than `PATIENCE`, or waits for one.
    """
    source = _Source(items)
    threads = _Threads(work, source, jobs) if jobs > 1 else None
    if threads and threads.started:
        yield from threads.results()
        return
    never = threading.Event()
    while some := source.take():  # here, one after the other
        chunk: _Chunk[Item, Answer] = _Chunk(some)
        chunk.run(work, never)
        yield chunk.results()
        source.took(chunk)


class _Threads(Generic[Item, Answer]):
    """Threads that take chunks from a source in turn, and work on them at once."""

    def __init__(self, work: Work[Item, Answer], source: _Source[Item], jobs: int):
        """Start the threads, or as many as the system lets us."""
        self._work, self._source = work, source
        self._chunks: SimpleQueue[_Chunk[Item, Answer]] = SimpleQueue()  # in order
        self._room = threading.Semaphore(AHEAD * jobs)
        self._turn = threading.Lock()  # to take from the source
        self._waiting = False  # for the source
        self._ended = False
        self._abandoned = threading.Event()
        self.started: list[threading.Thread] = []
        with suppress(RuntimeError):  # no more threads allowed
            for _ in range(jobs):
                thread = threading.Thread(target=self._serve, daemon=True)
                thread.start()
                self.started.append(thread)

    def results(self) -> Generator[list[tuple[Item, Answer]], None, None]:
        """Yield the results of each chunk as soon as it and those before it are done."""
        chunk: _Chunk[Item, Answer] | None = None
        try:
            while (chunk := self._chunks.get()) and (results := chunk.results()):
                yield results
                self._source.took(chunk)
                self._room.release()
        finally:
            self._leave_off(chunk)

    def _serve(self) -> None:
        while True:
            self._room.acquire()
            with self._turn:
                if self._ended or self._abandoned.is_set():
                    return
                chunk = self._take()
                self._ended = not chunk.items
                self._chunks.put(chunk)
            if chunk.items:
                chunk.run(self._work, self._abandoned)

    def _leave_off(self, chunk: _Chunk[Item, Answer] | None) -> None:
        """Let the threads end; `chunk` is the last that was waited for."""
        self._abandoned.set()
        self._room.release(len(self.started))
        deadline = time.monotonic() + PATIENCE
        with suppress(Empty):
            while chunk:
                chunk.wait(max(0.0, deadline - time.monotonic()))
                chunk = self._chunks.get_nowait()
        if self._waiting:  # nobody is at work any more
            deadline = min(deadline, time.monotonic() + MOMENT)
        for thread in self.started:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _take(self) -> _Chunk[Item, Answer]:
        self._waiting = True
        try:
            return _Chunk(self._source.take())
        except BaseException as error:
            return _Chunk([], error)
        finally:
            self._waiting = False


def _unless(abandoned: threading.Event, items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if abandoned.is_set():
            raise _AbandonedError
        yield item
