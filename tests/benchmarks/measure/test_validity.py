from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from edge_cifar.benchmarks.measure.bootstrap import Interval
from edge_cifar.benchmarks.measure.conditions import Conditions, Phase, Watch
from edge_cifar.benchmarks.measure.validity import Validity, judge
from edge_cifar.edge.machine.throttling import Throttling

Board = Callable[..., Path]
HOT, LOW = "it is throttled", "the voltage is too low"
VCGENCMD = "usr/bin/vcgencmd"


def phase(
    *, own: float = 2.0, elsewhere: float = 0.04, stolen: float = 0.0, wall: float = 2.0, waits: bool = False
) -> Phase:
    """Two seconds of a benchmark that had its core for itself, on a quiet machine, but for what is said otherwise."""
    return Phase("the net alone", waits, wall, own, own + elsewhere * wall, stolen * wall)


def reasons(
    phases: Sequence[Phase] = (),
    moments: Sequence[Conditions] = (Conditions("ondemand", Throttling(50.0, (), ())),),
    mhz: Sequence[float] = (1500, 1500),
    intervals: dict[str, Interval] | None = None,
    cores: int = 2,
) -> tuple[str, ...]:
    watch = Watch()
    watch.conditions, watch.phases, watch.mhz = list(moments), list(phases), list(mhz)
    validity = judge(watch, cores, intervals or {})
    assert validity.valid == (not validity.reasons)
    return validity.reasons


def moment(now: tuple[str, ...] = (), before: tuple[str, ...] = (), governor: str | None = "ondemand") -> Conditions:
    return Conditions(governor, Throttling(60.0, now, before))


def test_a_quiet_run_is_valid() -> None:
    ratio = {"the ratio": Interval(0.36, 0.355, 0.366)}
    assert reasons([phase(), phase(waits=True, own=1.2)], intervals=ratio) == ()
    assert judge(Watch(), 2, {}) == Validity(True, ())


@pytest.mark.parametrize(
    ("own", "elsewhere", "cores", "words"),
    [
        (2.0, 1.0, 2, ("load from elsewhere: 1.00 of 2 cores (the net alone)",)),  # a busy loop has the other core
        (1.0, 1.5, 2, ("load from elsewhere: 1.50 of 2 cores (the net alone)", "the core was shared: 50%")),
        (2.0, 1.0, 4, ("load from elsewhere: 1.00 of 4 cores (the net alone)",)),
        (2.0, 0.15, 2, ()),  # a desktop that is left alone
        (2.0, 1.0, 64, ()),  # a server has cores to spare
        (1.0, 1.0, 64, ("the core was shared: 50%",)),  # but not this one
    ],
)
def test_a_busy_loop_beside_it_is_seen(own: float, elsewhere: float, cores: int, words: tuple[str, ...]) -> None:
    found = reasons([phase(), phase(own=own, elsewhere=elsewhere), phase()], cores=cores)
    assert len(found) == len(words)
    assert all(reason.startswith(start) for reason, start in zip(found, words, strict=True))


def test_the_worst_phase_is_named_once() -> None:
    found = reasons([phase(elsewhere=0.5), phase(elsewhere=1.2), phase(elsewhere=0.8)])
    assert found == ("load from elsewhere: 1.20 of 2 cores (the net alone)",)


def test_a_phase_that_waits_for_other_processes_needs_no_core_for_itself() -> None:
    assert reasons([phase(own=0.5, waits=True)]) == ()


def test_a_phase_too_short_for_the_kernels_counters_says_nothing() -> None:
    assert reasons([phase(wall=0.4, own=0.1, elsewhere=1.0)]) == ()


def test_time_that_the_host_took_away_is_told() -> None:
    assert reasons([phase(stolen=0.02)]) == ()
    assert reasons([phase(stolen=0.3)]) == (
        "load on the host of this virtual machine: 30% of the time taken away (the net alone)",
    )


def test_a_system_without_counters_is_judged_by_what_the_benchmark_got() -> None:
    assert reasons([Phase("the net alone", False, 2.0, 1.9, None, None)]) == ()
    assert reasons([Phase("the net alone", False, 2.0, 1.0, None, None)]) == (
        "the core was shared: 50% of it for the benchmark (the net alone)",
    )


def test_throttling_is_told_once_if_it_was_there_at_any_moment() -> None:
    assert reasons(moments=[moment(), moment(now=(HOT,)), moment(before=(HOT,))]) == (f"throttling: {HOT}",)
    assert reasons(moments=[moment(now=(HOT,)), moment(now=(HOT,))]) == (f"throttling: {HOT}",)


def test_throttling_between_two_looks_is_told_but_not_that_of_an_earlier_day() -> None:
    assert reasons(moments=[moment(before=(LOW,)), moment(before=(LOW,))]) == ()
    assert reasons(moments=[moment(before=(LOW,)), moment(before=(LOW, HOT))]) == (f"throttling: {HOT}, for a moment",)


@pytest.mark.parametrize("name", ["pi_4", "pi_5"])
def test_a_pi_that_grows_hot_while_it_is_measured_makes_no_valid_run(board: Board, name: str) -> None:
    root = board(name, {VCGENCMD: "#!/bin/sh\necho throttled=0x0\n"})
    watch = Watch(root)
    watch.after_round()
    with watch.phase("the net alone"):
        pass
    assert judge(watch, 4, {}).valid
    with watch.phase("JPEG to label"):
        (root / VCGENCMD).write_text("#!/bin/sh\necho throttled=0x40004\n")
        (root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq").write_text("1000000\n")
        watch.after_round()
    throttling, clock = judge(watch, 4, {}).reasons
    assert throttling == f"throttling: {HOT}"
    assert clock.startswith("the clock changed: 1,000 to ")


def test_another_governor_is_told() -> None:
    assert reasons(moments=[moment(), moment(governor="powersave"), moment()]) == (
        "the governor changed: ondemand, then powersave",
    )


@pytest.mark.parametrize(
    ("mhz", "found"),
    [
        ([1500, 1480, 1500], ()),
        ([3900, 4200, 4100], ()),  # a laptop's turbo
        ([1500, 1500, 1000], ("the clock changed: 1,000 to 1,500 MHz",)),
        ([], ()),
    ],
)
def test_a_clock_that_falls_is_told(mhz: list[float], found: tuple[str, ...]) -> None:
    assert reasons(mhz=mhz) == found


def test_rounds_that_disagree_are_told() -> None:
    found = reasons(intervals={"the net's ratio of b by a": Interval(0.36, 0.3, 0.38), "ms": Interval(1, 0.99, 1.01)})
    assert found == ("rounds disagree: the net's ratio of b by a, 0.3 to 0.38",)
