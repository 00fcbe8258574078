import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from edge_cifar.edge.cli.machine_findings import int8_pays, machine_findings, model_finding
from edge_cifar.edge.machine.description import this_machine
from edge_cifar.edge.machine.throttling import throttling
from edge_cifar.edge.model.onnx_file import OnnxFile

Board = Callable[..., Path]
GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
TEMPERATURE = "sys/class/thermal/thermal_zone0/temp"
VCGENCMD = "usr/bin/vcgencmd"


def findings(root: Path) -> dict[str, tuple[str, str]]:
    return {
        finding.topic: (finding.state, finding.words)
        for finding in machine_findings(this_machine(root), throttling(root))
    }


def test_a_pi_4_is_told_that_int8_is_not_faster_and_that_its_power_was_low(board: Board) -> None:
    found = findings(board("pi_4"))
    assert [topic for topic, (state, _) in found.items() if state != "good"] == ["int8", "power"]
    assert "expected to pay: no; the CPU has no dot product instruction" in found["int8"][1]
    assert found["power"][1].startswith("since the start, but not now: the voltage is too low, it is throttled; check")
    assert found["cores"][1] == "4 of 4 cores may be used; load 0.15"


def test_a_pi_5_is_well(board: Board) -> None:
    found = findings(board("pi_5"))
    assert {state for state, _ in found.values()} == {"good"}
    assert "expected to pay: yes" in found["int8"][1]
    assert "(asimddp)" in found["int8"][1]
    assert found["heat"][1] == "51.8 degrees Celsius"


@pytest.mark.parametrize(
    ("changes", "topic", "words"),
    [
        ({TEMPERATURE: "84000\n"}, "heat", "84.0 degrees Celsius: the CPU slows down; cool it"),
        (
            {VCGENCMD: "#!/bin/sh\necho throttled=0x50005\n"},
            "power",
            "now: the voltage is too low, it is throttled; check the power supply",
        ),
        ({GOVERNOR: "powersave\n"}, "clock", "governor powersave keeps the clock low"),
        ({"proc/meminfo": "MemTotal: 400000 kB\nMemAvailable: 60000 kB\n"}, "memory", "a prediction needs 100"),
        ({"proc/self/exe": "\x7fELF\x01"}, "system", "32-bit programs on it; onnxruntime has no 32-bit packages"),
        ({"proc/self/exe": "\x7fELF\x01"}, "int8", "expected to pay: no; a 32-bit system"),
    ],
)
def test_what_slows_a_board_down_is_noted_with_the_fix(
    board: Board, changes: dict[str, str], topic: str, words: str
) -> None:
    state, said = findings(board("pi_4", changes))[topic]
    assert state == "note"
    assert words in said


def test_a_quota_is_named(board: Board) -> None:
    quota = {"sys/fs/cgroup/user.slice/cpu.max": "250000 100000\n"}
    assert findings(board("pi_4", quota))["cores"][1] == "2 of 4 cores may be used, a quota of 2.5; load 0.15"


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        (("avx2", "avx512bw", "avx512_vnni"), "yes"),
        (("avx2", "avx_vnni"), "yes"),
        (("asimd", "asimddp", "i8mm"), "yes"),
        (("avx2",), "somewhat"),
        (("asimd",), "no"),
        ((), "no"),
    ],
)
def test_int8_pays_where_products_are_added_in_one_instruction(
    tmp_path: Path, instructions: tuple[str, ...], expected: str
) -> None:
    pays, why = int8_pays(replace(this_machine(tmp_path), int8_instructions=instructions))
    assert pays == expected
    assert why


def test_a_file_newer_than_the_oldest_runtime_is_noted() -> None:
    assert model_finding(OnnxFile(7, 13, {}, ()), "int8", "1.31.1").state == "good"
    for ir, opset in ((7, 22), (10, 13)):
        finding = model_finding(OnnxFile(ir, opset, {}, ()), "int8", "1.17.0")
        assert finding.state == "note"
        assert "needs a newer onnxruntime than 1.17; here it is 1.17.0" in finding.words


def test_a_system_without_a_load_average_has_none_told(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    root = board("pi_4")
    (root / "proc/loadavg").unlink()
    monkeypatch.delattr(os, "getloadavg")  # as on Windows
    assert findings(root)["cores"][1] == "4 of 4 cores may be used"
