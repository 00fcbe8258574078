import threading
import time

import pytest
from edge_cifar.edge import turns
from edge_cifar.edge.turns import Turns


def overlap(own: Turns, seconds: float, results: int) -> int:
    """Let four threads work through `own`; return how many were at it at once, at most."""
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> list[int]:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        time.sleep(seconds)
        with guard:
            inside -= 1
        return list(range(results))

    own.take(work)  # alone, so that it is known whether such work is quick
    own.take(list)  # nothing to do tells nothing
    threads = [threading.Thread(target=own.take, args=(work,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


def test_quick_work_is_done_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 60)
    assert overlap(Turns(), 0.01, 10_000) == 1


def test_slow_work_is_done_side_by_side() -> None:
    assert overlap(Turns(), 0.2, 1) > 1


def test_a_turn_that_never_comes_is_done_without() -> None:
    own = Turns()
    own.take(lambda: [0] * 10_000)
    own._lock.acquire()  # as a thread did that a fork left behind
    assert own.take(lambda: [1]) == [1]


def test_work_that_fails_gives_its_turn_back() -> None:
    own = Turns()
    own.take(lambda: [0] * 10_000)
    with pytest.raises(ZeroDivisionError):
        own.take(lambda: [1 // 0])
    assert not own._lock.locked()
    assert own.take(lambda: [1]) == [1]
