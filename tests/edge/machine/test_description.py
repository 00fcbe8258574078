import os
from collections.abc import Callable
from pathlib import Path

import pytest
from edge_cifar.edge.machine.cores import usable_cores
from edge_cifar.edge.machine.description import this_machine

Board = Callable[..., Path]

XEON = """\
processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz
flags\t\t: fpu vme sse sse2 avx avx2 fma avx512f avx512dq avx512bw avx512vl avx512_vnni arch_capabilities
vmx flags\t: vnmi preemption_timer
cpu MHz\t\t: 2900.000
bogomips\t: 5800.00

processor\t: 1
cpu MHz\t\t: 3412.500
"""


def test_an_x86_server_is_named_with_its_int8_instructions(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(XEON)
    (tmp_path / "etc/os-release").write_text('NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    machine = this_machine(tmp_path)
    assert machine.cpu == "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz"
    assert machine.int8_instructions == ("avx2", "avx512bw", "avx512_vnni")
    assert machine.instructions == ("sse2", "avx", "fma", "avx2", "avx512f", "avx512bw", "avx512_vnni")
    assert machine.cores_present == 2
    assert (machine.governor, machine.mhz, machine.celsius) == (None, 3412.5, None)
    assert machine.system.startswith("Debian GNU/Linux 13 (trixie), ")


@pytest.mark.parametrize(
    ("name", "cpu", "instructions", "memory"),
    [
        ("pi_4", "Raspberry Pi 4 Model B Rev 1.5 (Cortex-A72)", ("asimd",), 3885396 * 1024),
        ("pi_5", "Raspberry Pi 5 Model B Rev 1.0 (Cortex-A76)", ("asimd", "asimddp"), 8252368 * 1024),
    ],
)
def test_a_raspberry_pi_is_described(
    board: Board, name: str, cpu: str, instructions: tuple[str, ...], memory: int
) -> None:
    machine = this_machine(board(name))
    assert machine.cpu == cpu
    assert machine.int8_instructions == instructions
    assert (machine.cores, machine.cores_present, machine.cpu_quota) == (4, 4, None)
    assert machine.memory_bytes == memory
    assert 0 < machine.available_bytes < memory
    assert machine.governor == "ondemand"
    assert machine.container is None
    assert machine.load == 0.15
    assert machine.kernel_bits == 64
    assert machine.system.endswith("aarch64")


def test_the_clock_is_that_of_the_fastest_core_with_heat_and_power_beside_it(board: Board) -> None:
    machine = this_machine(board("pi_4"))
    assert (machine.mhz, machine.celsius) == (1500, 74.01)
    assert machine.throttled == ()
    assert machine.throttled_before == ("the voltage is too low", "it is throttled")
    assert machine.describe()["clock"] == (
        "1,500 MHz, 74.0 degrees Celsius, before: the voltage is too low, before: it is throttled"
    )


def test_a_pi_that_is_throttled_now_says_so(board: Board) -> None:
    throttled = {"usr/bin/vcgencmd": "#!/bin/sh\necho throttled=0x40004\n"}
    machine = this_machine(board("pi_5", throttled))
    assert machine.throttled == ("it is throttled",)
    assert machine.describe()["clock"] == "2,400 MHz, 51.8 degrees Celsius, now: it is throttled"


def test_a_container_is_named_with_the_system(board: Board) -> None:
    machine = this_machine(board("pi_5", {".dockerenv": ""}))
    assert machine.describe()["system"] == f"{machine.system}, in docker"


def test_cores_are_those_of_affinity_and_quota(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    root = board("pi_4")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 3}, raising=False)
    assert (this_machine(root).cores, this_machine(root).cores_present) == (3, 4)
    machine = this_machine(board("pi_4", {"sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n"}))
    assert (machine.cores, machine.cpu_quota) == (1, 1.5)


def test_memory_is_that_of_the_group_where_that_is_less(board: Board) -> None:
    limits = {"memory.max": "200000000\n", "memory.current": "50000000\n"}
    changes = {f"sys/fs/cgroup/user.slice/{name}": text for name, text in limits.items()}
    machine = this_machine(board("pi_4", changes))
    assert (machine.memory_bytes, machine.available_bytes) == (200_000_000, 150_000_000)


def test_a_32_bit_program_is_known_by_its_elf_header(board: Board) -> None:
    machine = this_machine(board("pi_4", {"proc/self/exe": "\x7fELF\x01\x01\x01"}))
    assert (machine.userland_bits, machine.kernel_bits) == (32, 64)


def test_an_unknown_arm_core_leaves_the_board(board: Board) -> None:
    cpuinfo = "CPU implementer\t: 0x41\nCPU part\t: 0xfff\n"
    assert this_machine(board("pi_4", {"proc/cpuinfo": cpuinfo})).cpu == "Raspberry Pi 4 Model B Rev 1.5"


def test_a_system_without_proc_is_described_all_the_same(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    assert machine.cpu
    assert machine.system
    assert machine.int8_instructions == ()
    assert machine.userland_bits in (32, 64)
    assert machine.describe()["int8"] == "unknown"


def test_this_machine_has_the_cores_that_models_use() -> None:
    assert this_machine().cores == usable_cores()


def test_the_description_is_a_line_a_topic_with_the_versions() -> None:
    description = this_machine().describe()
    assert not any("\n" in words for words in description.values())
    assert "onnxruntime " in description["software"]


def test_a_system_without_a_load_average_is_described_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "getloadavg")  # as on Windows
    machine = this_machine(tmp_path)
    assert machine.load is None
    assert machine.describe()["cores"].endswith("load unknown at the start")
