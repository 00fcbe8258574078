import os
import subprocess
import sys
from pathlib import Path

import pytest

# What the real one prints on boards that it can't look up, among other things.
NOISY = """\
import os, sys
os.write(2, b"2026-01-01 [W:onnxruntime:Default, device_discovery.cc:164] GPU device discovery failed\\n")
os.write(2, b"Error in cpuinfo: failed to parse processor information from /proc/cpuinfo\\n")
os.write(2, b"onnxruntime cpuid_info warning: Unknown CPU vendor.\\n")
os.write(2, b"a line of another library\\n")
print("and one of Python's", file=sys.stderr)
"""


AS_COMMAND = "from edge_cifar.edge.model.onnxruntime_loader import drop_remarks; drop_remarks()"


def load(folder: Path, library: str, before: str = AS_COMMAND) -> "subprocess.CompletedProcess[str]":
    """Load `library` as onnxruntime in a fresh process, by default as the command line does."""
    (folder / "onnxruntime.py").write_text(library)
    load = "from edge_cifar.edge.model.onnxruntime_loader import load_onnxruntime\nload_onnxruntime()\nprint('loaded')"
    program = f"{before}\n{load}"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


linux_only = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has memory files")


@linux_only
def test_remarks_on_hardware_are_dropped_and_all_else_is_passed_on(tmp_path: Path) -> None:
    done = load(tmp_path, NOISY)
    assert done.stdout == "loaded\n"
    assert done.stderr == "a line of another library\nand one of Python's\n"


@linux_only
def test_an_error_is_not_lost(tmp_path: Path) -> None:
    done = load(tmp_path, NOISY + "raise RuntimeError('broken build')")
    assert done.stdout == ""
    assert "a line of another library\n" in done.stderr
    assert done.stderr.endswith("RuntimeError: broken build\n")


def test_a_library_that_is_not_for_this_machine_is_named_with_the_fix(tmp_path: Path) -> None:
    done = load(tmp_path, "raise ImportError('wrong ELF class')")
    assert "EdgeCifarError: onnxruntime can't be loaded (wrong ELF class); run: pip install onnxruntime" in done.stderr


def test_where_other_threads_run_stderr_is_left_alone(tmp_path: Path) -> None:
    thread = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    assert "GPU device discovery failed" in load(tmp_path, NOISY, before=f"{AS_COMMAND}; {thread}").stderr


def test_in_another_program_stderr_is_left_alone(tmp_path: Path) -> None:
    assert "GPU device discovery failed" in load(tmp_path, NOISY, before="").stderr


@pytest.mark.parametrize("refused", ["memfd_create", "dup", "dup2"])
def test_a_sandbox_that_refuses_to_hold_stderr_is_no_error(tmp_path: Path, refused: str) -> None:
    sandbox = f"""
import os
def refuse(*_, **__):
    raise PermissionError(1, "Operation not permitted")
os.{refused} = refuse
"""
    done = load(tmp_path, NOISY, before=AS_COMMAND + sandbox)
    assert done.stdout == "loaded\n"
    assert "GPU device discovery failed" in done.stderr


def test_a_closed_stderr_is_no_error(tmp_path: Path) -> None:
    assert load(tmp_path, "", before=f"{AS_COMMAND}; import os; os.close(2)").stdout == "loaded\n"


def test_onnxruntime_is_told_to_report_to_nobody_before_it_is_loaded() -> None:
    for module in ("edge_cifar", "edge_cifar.edge", "edge_cifar.export", "edge_cifar.benchmarks"):
        program = f"import {module}, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
        environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert done.stdout == "1 False\n", done.stderr


STARVING = """
import resource
from pathlib import Path
import numpy
from edge_cifar.edge.model.onnxruntime_loader import load_onnxruntime

used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 10_000_000, -1))
try:
    load_onnxruntime()
except MemoryError as error:
    print(type(error.__cause__).__name__)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system doesn't tell how much memory is used")
def test_a_lack_of_memory_is_not_taken_for_a_missing_library() -> None:
    done = subprocess.run([sys.executable, "-c", STARVING], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("ImportError\n", "")
