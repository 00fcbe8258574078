import numpy as np
import pytest
from edge_cifar.edge import latency as latency_module
from edge_cifar.edge.latency import latency, ratio, time_in_turns


class FakeClock:
    """Stands still but for what tasks add to it."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(latency_module, "time", clock)
    return clock


def test_percentiles_are_those_of_all_calls_in_milliseconds() -> None:
    seconds = np.arange(101).reshape(1, 101)[:, ::-1] / 1000
    result = latency(seconds)
    assert (result.p50, result.p90, result.p99) == pytest.approx((50, 90, 99))


def test_tasks_take_turns_forwards_then_backwards() -> None:
    order: list[str] = []
    time_in_turns([lambda _: order.append("a"), lambda _: order.append("b")], rounds=3, calls=1)
    turns = order[::2]  # each turn is an untimed call and a timed one
    assert turns == order[1::2]
    assert turns == ["a", "b", "b", "a", "a", "b", "b", "a"]  # the first pair warms up


def test_each_call_of_a_task_gets_the_next_number() -> None:
    numbers: list[int] = []
    time_in_turns([numbers.append], rounds=1, calls=3)
    assert numbers == [0, 0, 1, 2, 3, 3, 4, 5]


def test_only_the_call_is_timed_and_the_warm_up_is_not_kept(clock: FakeClock) -> None:
    calls = iter(range(100))

    def task(_: int) -> None:
        clock.now += [9.0, 9.0, 9.0, 7.0, 1.0, 2.0, 7.0, 3.0, 4.0][next(calls)]

    (seconds,) = time_in_turns([task], rounds=2, calls=2)
    assert seconds.tolist() == [[1, 2], [3, 4]]


def test_each_task_gets_its_own_seconds(clock: FakeClock) -> None:
    def lasting(seconds: float):
        def task(_: int) -> None:
            clock.now += seconds

        return task

    short, long = time_in_turns([lasting(1), lasting(5)], rounds=2, calls=3)
    assert short.tolist() == [[1] * 3] * 2
    assert long.tolist() == [[5] * 3] * 2


def test_the_ratio_pairs_the_rounds() -> None:
    base = np.array([[1.0, 1.0, 1.0], [10.0, 10.0, 10.0], [4.0, 4.0, 4.0]])  # the machine's clock changed
    half = base / 2
    half[0, 0] = 1000.0  # one call was interrupted
    result = ratio(half, base)
    assert (result.median, result.low, result.high) == (0.5, 0.5, 0.5)


def test_the_spread_of_the_ratio_is_its_quartiles() -> None:
    base = np.ones((5, 1))
    result = ratio(np.array([[3.0], [1.0], [5.0], [2.0], [4.0]]), base)
    assert (result.low, result.median, result.high) == (2, 3, 4)
