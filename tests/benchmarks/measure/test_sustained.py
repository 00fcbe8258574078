import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from edge_cifar.benchmarks.measure import sustained
from edge_cifar.benchmarks.measure.sustained import Minute, run_minutes

Board = Callable[..., Path]
TEMPERATURE = "sys/class/thermal/thermal_zone0/temp"
CLOCK = "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute that is over at once."""
    monkeypatch.setattr(sustained, "MINUTE", 0.0)


def pause(_: int) -> None:
    threading.Event().wait(0.0005)


def test_each_minute_has_its_medians_with_heat_and_clock(board: Board) -> None:
    root = board("pi_4")
    said: list[str] = []

    def heat(words: str) -> None:
        said.append(words)
        (root / TEMPERATURE).write_text("81250\n")
        (root / CLOCK).write_text("1000000\n")

    first, second = run_minutes([pause, pause], 2, heat, root)
    assert (first.minute, first.celsius, first.mhz) == (1, 74.01, 1500)
    assert (second.minute, second.celsius, second.mhz) == (2, 81.25, 1000)
    assert len(first.net_ms) == 2
    assert all(median > 0.5 for median in first.net_ms)
    assert said == [first.describe(), second.describe()]


def test_a_minute_is_one_line_with_what_is_known() -> None:
    assert Minute(3, 61.24, 1500.0, [0.5, 0.25]).describe() == (
        "minute 3: 0.500, 0.250 ms, 61.2 degrees Celsius, 1,500 MHz"
    )
    assert Minute(3, None, None, [0.5]).describe() == "minute 3: 0.500 ms"


def test_ctrl_c_keeps_the_full_minutes(tmp_path: Path) -> None:
    said: list[str] = []

    def interrupted(_: int) -> None:
        if said:
            raise KeyboardInterrupt

    done = run_minutes([interrupted], 100, said.append, tmp_path)
    assert [minute.minute for minute in done] == [1]
    assert (done[0].celsius, done[0].mhz) == (None, None)


def test_no_minutes_are_none(tmp_path: Path) -> None:
    assert run_minutes([pause], 0, print, tmp_path) == []
