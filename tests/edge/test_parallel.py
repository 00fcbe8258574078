import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest
from edge_cifar.edge import parallel
from edge_cifar.edge.parallel import AHEAD, CHUNK, in_parallel


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
    monkeypatch.setattr(parallel, "BRIEF", 60.0)
    sizes = [len(some) for some in in_parallel(squares, range(1000), 2)]
    assert sizes[0] == 1
    assert max(sizes) == CHUNK
    monkeypatch.setattr(parallel, "BRIEF", 1e-9)
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
    monkeypatch.setattr(parallel, "PATIENCE", 0.01)
    leave = threading.Event()

    def work(numbers: Iterable[int]) -> list[int]:
        return [leave.wait(timeout=30) and number if number == 1 else number for number in numbers]

    results = in_parallel(work, range(20 * CHUNK), 2)
    assert next(results) == [(0, 0)]
    results.close()
    assert not leave.is_set()
    leave.set()
