from collections.abc import Callable
from pathlib import Path

import pytest
from edge_cifar.edge.machine.throttling import Throttling, throttling

Board = Callable[..., Path]
SYSFS, PROGRAM = "sys/devices/platform/soc/soc:firmware/get_throttled", "usr/bin/vcgencmd"
CAPPED, LOW, THROTTLED = "the clock is capped", "the voltage is too low", "it is throttled"


def says(bits: str) -> dict[str, str]:
    return {PROGRAM: f"#!/bin/sh\necho throttled={bits}\n"}


def test_the_firmwares_program_tells_what_the_kernel_has_not_heard(board: Board) -> None:
    assert throttling(board("pi_4")) == Throttling(74.01, (), (LOW, THROTTLED))
    assert throttling(board("pi_5")) == Throttling(51.8, (), ())
    assert throttling(board("pi_5", says("0x20002"))) == Throttling(51.8, (CAPPED,), ())


def test_what_holds_now_is_not_told_twice(board: Board) -> None:
    assert throttling(board("pi_4", says("0x70005"))) == Throttling(74.01, (LOW, THROTTLED), (CAPPED,))


@pytest.mark.parametrize("script", ["#!/bin/sh\necho VCHI initialization failed\nexit 255\n", "#!/nowhere\n"])
def test_where_the_program_fails_the_kernel_is_asked(board: Board, script: str) -> None:
    assert throttling(board("pi_5", {PROGRAM: script})).now == ()
    assert throttling(board("pi_4", {PROGRAM: script, SYSFS: "50005\n"})).now == (LOW, THROTTLED)


def test_another_sensor_is_not_the_cpu(board: Board) -> None:
    assert throttling(board("pi_4", {"sys/class/thermal/thermal_zone0/type": "gpu-thermal\n"})).celsius is None


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert throttling(tmp_path) == Throttling(None, (), ())
