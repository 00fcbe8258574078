from pathlib import Path

import pytest
from edge_cifar.benchmarks.machine import this_machine

XEON = """\
processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz
flags\t\t: fpu vme sse sse2 avx avx2 fma avx512f avx512dq avx512bw avx512vl avx512_vnni arch_capabilities
vmx flags\t: vnmi preemption_timer
bogomips\t: 5800.00
"""

PI_4 = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

Revision\t: c03114
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""

PI_5 = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

Revision\t: d04170
Model\t\t: Raspberry Pi 5 Model B Rev 1.0
"""

GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_an_x86_server_is_named_with_its_int8_instructions(tmp_path: Path) -> None:
    os_release = 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
    machine = this_machine(tree(tmp_path, {"proc/cpuinfo": XEON, "etc/os-release": os_release}))
    assert machine.cpu == "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz"
    assert machine.int8_instructions == ("avx2", "avx512bw", "avx512_vnni")
    assert machine.governor is None
    assert machine.system.startswith("Debian GNU/Linux 13 (trixie), ")


@pytest.mark.parametrize(
    ("cpuinfo", "model", "cpu", "instructions"),
    [
        (PI_4, "Raspberry Pi 4 Model B Rev 1.4\0", "Raspberry Pi 4 Model B Rev 1.4 (Cortex-A72)", ("asimd",)),
        (PI_5, "Raspberry Pi 5 Model B Rev 1.0\0", "Raspberry Pi 5 Model B Rev 1.0 (Cortex-A76)", ("asimd", "asimddp")),
    ],
)
def test_a_raspberry_pi_is_named_with_its_core(
    tmp_path: Path, cpuinfo: str, model: str, cpu: str, instructions: tuple[str, ...]
) -> None:
    files = {"proc/cpuinfo": cpuinfo, "proc/device-tree/model": model, GOVERNOR: "ondemand\n"}
    machine = this_machine(tree(tmp_path, files))
    assert machine.cpu == cpu
    assert machine.int8_instructions == instructions
    assert machine.governor == "ondemand"


def test_an_unknown_arm_core_leaves_the_board(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": PI_4.replace("0xd08", "0xfff"), "proc/device-tree/model": "Some Board\0"}
    assert this_machine(tree(tmp_path, files)).cpu == "Some Board"


def test_a_system_without_proc_is_described_all_the_same(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    assert machine.cpu
    assert machine.system
    assert machine.int8_instructions == ()
    assert machine.describe()["int8"] == "unknown"


def test_the_description_is_a_line_a_topic_with_the_versions() -> None:
    description = this_machine().describe()
    assert not any("\n" in words for words in description.values())
    assert "onnxruntime " in description["software"]
