import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest
from edge_cifar.edge.stream import ordered_threads
from edge_cifar.edge.stream.ordered_threads import AHEAD, CHUNK, in_parallel


def squares(numbers: Iterable[int]) -> list[int]:
    return [number * number for number in numbers]


@pytest.mark.parametrize("jobs", [1, 2, 7])
@pytest.mark.parametrize("count", [0, 1, CHUNK, 10 * CHUNK + 3])
def test_every_item_has_its_result_in_order(jobs: int, count: int) -> None:
    pairs = [pair for some in in_parallel(squares, range(count), jobs) for pair in some]
    assert pairs == [(number, number * number) for number in range(count)]


def test_slow_items_do_not_change_the_order() -> None:
    def work(numbers: Iterable[int]) -> list[int]:
        return [time.sleep(0.05) or number if number == 0 else number for number in numbers]

    numbers = [result for some in in_parallel(work, range(5 * CHUNK), 3) for _, result in some]
    assert numbers == list(range(5 * CHUNK))


def test_the_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)

    def work(numbers: Iterable[int]) -> list[int]:
        both.wait()
        return list(numbers)

    assert len(list(in_parallel(work, range(2), 2))) == 2


def test_items_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    with closing(in_parallel(squares, endless(), 2)) as results:
        for _ in range(50):
            next(results)
        assert taken <= (50 + 2 * AHEAD) * CHUNK


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_the_work_raises_comes_out(jobs: int) -> None:
    def work(numbers: Iterable[int]) -> list[int]:
        raise ValueError(f"broken at {next(iter(numbers))}")

    with pytest.raises(ValueError, match="broken at 0"):
        list(in_parallel(work, range(100), jobs))


def test_chunks_are_as_large_as_they_can_be_quickly_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_threads, "BRIEF", 60.0)
    sizes = [len(some) for some in in_parallel(squares, range(1000), 2)]
    assert sizes[0] == 1
    assert max(sizes) == CHUNK
    monkeypatch.setattr(ordered_threads, "BRIEF", 1e-9)
    assert {len(some) for some in in_parallel(squares, range(1000), 2)} == {1}


@pytest.mark.parametrize("jobs", [1, 2])
def test_closing_ends_the_threads_between_two_items(jobs: int) -> None:
    def work(numbers: Iterable[int]) -> list[int]:
        return [number if number < 10 * CHUNK else time.sleep(0.2) or number for number in numbers]

    before = threading.active_count()
    with closing(in_parallel(work, range(10_000), jobs)) as results:
        while next(results)[-1][0] < 9 * CHUNK:
            pass
    assert threading.active_count() == before


def test_a_thread_in_the_midst_of_an_item_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_threads, "PATIENCE", 0.01)
    leave = threading.Event()

    def work(numbers: Iterable[int]) -> list[int]:
        return [leave.wait(timeout=30) and number if number == 1 else number for number in numbers]

    results = in_parallel(work, range(20 * CHUNK), 2)
    assert next(results) == [(0, 0)]
    results.close()
    assert not leave.is_set()
    leave.set()


def test_results_come_before_the_next_item_is_there_once_the_source_says_that_it_waits() -> None:
    """Each item but the first is held back until all results before it have come out."""
    for jobs in (1, 2, 4):
        out: list[int] = []
        came = threading.Condition()

        def live(out: list[int] = out, came: threading.Condition = came) -> Iterator[int | None]:
            for number in range(3 * CHUNK):
                yield number
                if number >= CHUNK:  # a burst, then one by one
                    yield None
                    with came:
                        assert came.wait_for(lambda number=number: len(out) == number + 1, timeout=30)

        for some in in_parallel(squares, live(), jobs):
            with came:
                out += (number for number, _ in some)
                came.notify_all()
        assert out == list(range(3 * CHUNK))


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_the_source_raises_comes_after_the_results_before_it(jobs: int) -> None:
    def broken() -> Iterator[int]:
        yield from range(100)
        raise OSError("unplugged")

    out: list[int] = []
    with pytest.raises(OSError, match="unplugged"):
        out.extend(number for some in in_parallel(squares, broken(), jobs) for number, _ in some)
    assert out == list(range(100))


@pytest.mark.parametrize("allowed", [0, 1])
def test_where_the_system_allows_fewer_threads_those_do_it(monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
    start, started = threading.Thread.start, []

    def limited(thread: threading.Thread) -> None:
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    pairs = [pair for some in in_parallel(squares, range(100), 4) for pair in some]
    assert pairs == [(number, number * number) for number in range(100)]


def test_closing_does_not_wait_for_an_item_that_may_never_come() -> None:
    never = threading.Event()

    def silent() -> Iterator[int | None]:
        yield 1
        yield None
        never.wait(timeout=60)

    results = in_parallel(squares, silent(), 3)
    assert next(results) == [(1, 1)]
    results.close()
    assert not never.is_set()
    never.set()
