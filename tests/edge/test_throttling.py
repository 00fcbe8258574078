from collections.abc import Callable
from pathlib import Path

from edge_cifar.edge.throttling import Throttling, throttling

Board = Callable[..., Path]
SYSFS = "sys/devices/platform/soc/soc:firmware/get_throttled"
CAPPED, LOW, THROTTLED = "the clock is capped", "the voltage is too low", "it is throttled"


def test_a_pi_4_tells_by_a_file(board: Board) -> None:
    assert throttling(board("pi_4")) == Throttling(48.686, (), (LOW, THROTTLED))
    assert throttling(board("pi_4", {SYSFS: "0\n"})) == Throttling(48.686, (), ())


def test_what_holds_now_is_not_told_twice(board: Board) -> None:
    assert throttling(board("pi_4", {SYSFS: "70005\n"})) == Throttling(48.686, (LOW, THROTTLED), (CAPPED,))


def test_a_pi_5_tells_by_its_program(board: Board) -> None:
    assert throttling(board("pi_5")) == Throttling(51.8, (), ())
    program = {"usr/bin/vcgencmd": "#!/bin/sh\necho throttled=0x20002\n"}
    assert throttling(board("pi_5", program)) == Throttling(51.8, (CAPPED,), ())


def test_a_program_that_fails_tells_nothing(board: Board) -> None:
    for script in ("#!/bin/sh\necho VCHI initialization failed\nexit 255\n", "#!/nowhere\n"):
        assert throttling(board("pi_5", {"usr/bin/vcgencmd": script})).now == ()


def test_another_sensor_is_not_the_cpu(board: Board) -> None:
    assert throttling(board("pi_4", {"sys/class/thermal/thermal_zone0/type": "gpu-thermal\n"})).celsius is None


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert throttling(tmp_path) == Throttling(None, (), ())
