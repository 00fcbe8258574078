import numpy as np
import pytest
from edge_cifar.edge.stats import paired_timing as latency_module
from edge_cifar.edge.stats.paired_timing import Task, calls_within, clock_step, latency, ratio, time_in_turns


class FakeClock:
    """Stands still but for what tasks add to it, and a `step` a reading."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def perf_counter(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(latency_module, "time", clock)
    return clock


def lasting(clock: FakeClock, seconds: float, calls: list[int] | None = None) -> Task:
    def task(call: int) -> None:
        clock.now += seconds
        if calls is not None:
            calls.append(call)

    return task


def test_percentiles_are_those_of_all_calls_in_milliseconds() -> None:
    seconds = np.arange(101).reshape(1, 101)[:, ::-1] / 1000
    result = latency(seconds)
    assert (result.p50, result.p90, result.p99) == pytest.approx((50, 90, 99))


@pytest.mark.usefixtures("clock")
def test_tasks_take_turns_forwards_then_backwards() -> None:
    order: list[str] = []
    time_in_turns([lambda _: order.append("a"), lambda _: order.append("b")], rounds=3, calls=1)
    turns = order[::2]  # each turn is an untimed call and a timed one
    assert turns == order[1::2]
    assert turns == ["a", "b", "b", "a", "a", "b", "b", "a"]  # the first pair warms up


@pytest.mark.usefixtures("clock")
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
    short, long = time_in_turns([lasting(clock, 1), lasting(clock, 5)], rounds=2, calls=3)
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


def test_calls_too_short_for_the_clock_are_timed_together(clock: FakeClock) -> None:
    clock.step = 1e-3
    numbers: list[int] = []
    (seconds,) = time_in_turns([lasting(clock, 0.25, numbers)], rounds=1, calls=2)
    # 1000 steps are a second: four calls of a quarter. A timing has one step in it, that of its second reading.
    assert seconds == pytest.approx(np.full((1, 2), 0.25 + 1e-3 / 4))
    assert numbers == [0, 0, 1, 8, 8, 9, 10, 11, 12, 13, 14, 15]  # one call each while it warms up


def test_calls_that_the_clock_can_tell_are_timed_alone(clock: FakeClock) -> None:
    clock.step = 1e-3
    numbers: list[int] = []
    time_in_turns([lasting(clock, 1.0, numbers)], rounds=1, calls=2)
    assert numbers == [0, 0, 1, 2, 2, 3]


@pytest.mark.parametrize(("seconds", "rounds"), [(0.0, 3), (19.0, 5), (1000.0, 7)])
def test_rounds_end_when_the_time_is_over_but_not_before_the_third(
    clock: FakeClock, seconds: float, rounds: int
) -> None:
    ended: list[float] = []
    (timed,) = time_in_turns(
        [lasting(clock, 1.0)], rounds=7, calls=3, seconds=seconds, after_round=lambda: ended.append(clock.now)
    )
    assert timed.shape == (rounds, 3)
    assert len(ended) == rounds


@pytest.mark.parametrize(("seconds", "calls"), [(20.0, 10), (0.1, 4), (1000.0, 50)])
def test_calls_are_as_many_as_the_slowest_task_has_time_for(clock: FakeClock, seconds: float, calls: int) -> None:
    assert calls_within([lasting(clock, 0.5), lasting(clock, 2.0)], seconds, most=50) == calls


def test_a_slow_call_or_two_do_not_count_among_the_calls_that_fit(clock: FakeClock) -> None:
    slow_at_first = iter([100.0, 100.0, *[1.0] * 10])

    def task(_: int) -> None:
        clock.now += next(slow_at_first)

    assert calls_within([task], 5.0, most=50) == 5


def test_the_clock_of_this_machine_moves() -> None:
    assert 0 < clock_step() < 1e-3
