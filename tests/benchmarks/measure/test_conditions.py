import time
from collections.abc import Callable
from pathlib import Path

import pytest
from edge_cifar.benchmarks.measure import conditions
from edge_cifar.benchmarks.measure.conditions import Watch

Board = Callable[..., Path]
STAT = "proc/stat"
CLOCK = "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"
GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
VCGENCMD = "usr/bin/vcgencmd"


@pytest.fixture(autouse=True)
def hundredths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernel count in hundredths of a second, as on the boards."""
    monkeypatch.setattr(conditions, "TICKS", 100)


def stat(*, user: int, idle: int = 0, stolen: int = 0) -> str:
    return f"cpu  {user} 100 50 {idle} 1900 20 30 {stolen} 4000 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"


def test_a_phase_has_what_all_used_and_what_was_stolen(board: Board) -> None:
    root = board("pi_4", {STAT: stat(user=1000, idle=50_000)})
    watch = Watch(root)
    with watch.phase("the net"):
        (root / STAT).write_text(stat(user=1150, idle=60_000, stolen=20))
    (phase,) = watch.phases
    assert (phase.name, phase.waits, phase.busy, phase.stolen) == ("the net", False, pytest.approx(1.5), 0.2)


def test_a_phase_has_the_seconds_that_passed_and_what_this_process_used() -> None:
    watch = Watch()
    with watch.phase("sleep"):
        time.sleep(0.2)
    with watch.phase("work"):
        ends = time.process_time() + 0.2
        while time.process_time() < ends:
            pass
    sleep, work = watch.phases
    assert sleep.wall >= 0.2 > sleep.own
    assert work.wall + 0.03 > work.own > 0.15  # own time is told in ticks of 10 ms, user and system apart


def test_the_clock_is_read_when_a_round_ends(board: Board) -> None:
    root = board("pi_4")
    watch = Watch(root)
    watch.after_round()
    (root / CLOCK).write_text("900000\n")
    watch.after_round()
    assert watch.mhz == [1500, 900]


def test_heat_and_governor_are_read_at_the_start_and_after_each_phase(board: Board) -> None:
    says = "#!/bin/sh\necho throttled="
    root = board("pi_4", {VCGENCMD: f"{says}0x0\n"})
    watch = Watch(root)
    for governor, bits in (("powersave", "0x40004"), ("ondemand", "0x40000")):
        with watch.phase("any"):
            (root / GOVERNOR).write_text(governor)
            (root / VCGENCMD).write_text(f"{says}{bits}\n")
    assert [moment.governor for moment in watch.conditions] == ["ondemand", "powersave", "ondemand"]
    assert [moment.throttling.now for moment in watch.conditions] == [(), ("it is throttled",), ()]


def test_a_system_that_tells_nothing_can_be_watched(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    with watch.phase("any"):
        watch.after_round()
    assert watch.mhz == []
    assert (watch.phases[0].busy, watch.phases[0].stolen) == (None, None)
