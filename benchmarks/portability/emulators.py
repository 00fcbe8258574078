"""CPUs that qemu imitates one instruction at a time, and a Python to run on each of them.

Every CPU, the host's own included, runs the same Debian Python with wheels of the same versions, so that nothing
differs between two runs but the processor. `emulators_setup` fetches all of it into the cache folder.
"""

import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import cache_folder

PYTHON = "python3.11"  # the oldest supported: wheels exist for it from the oldest onnxruntime to the newest
TIMEOUT = 3600  # seconds a program may take on an emulated CPU


@dataclass(frozen=True)
class Architecture:
    """What Debian calls a kind of processor, and where its libraries and their loader lie."""

    debian: str
    libraries: str
    loader: str


ARCHITECTURES = {
    "x86_64": Architecture("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": Architecture("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
"""By the names that qemu, wheels and `platform.machine()` use."""

HOST = platform.machine()


@dataclass(frozen=True)
class Cpu:
    """A processor; `qemu` is what qemu calls it, None for the host itself."""

    machine: str
    qemu: str | None
    description: str


CPUS = {
    "host": Cpu(HOST, None, "this machine"),
    "nehalem": Cpu("x86_64", "Nehalem", "SSE4.2"),
    "ivybridge": Cpu("x86_64", "IvyBridge", "AVX"),
    "haswell": Cpu("x86_64", "Haswell", "AVX2, no VNNI"),
    "x86-max": Cpu("x86_64", "max", "all of x86 that qemu has: AVX2, no AVX-512"),
    "a53": Cpu("aarch64", "cortex-a53", "Raspberry Pi 3, Zero 2"),
    "a72": Cpu("aarch64", "cortex-a72", "Raspberry Pi 4"),
    "a76": Cpu("aarch64", "cortex-a76", "Raspberry Pi 5: dot products"),
    "arm-max": Cpu("aarch64", "max", "all of Arm that qemu has: i8mm, SVE2, SME"),
}
"""Those with AVX2 add products in 16 bits, with saturation. So does AVX-512 without VNNI, which qemu can't imitate."""


def emulators_folder() -> Path:
    """Return where everything that `emulators_setup` fetches lies."""
    return cache_folder() / "emulators"


def qemu_path(machine: str) -> Path:
    """Return qemu's program for an architecture."""
    return emulators_folder() / "qemu" / f"qemu-{machine}"


def python_folder(machine: str) -> Path:
    """Return the folder that holds Debian's Python and libraries for an architecture, laid out like `/`."""
    return emulators_folder() / "python" / machine


def packages_folder(machine: str, stack: str) -> Path:
    """Return the folder of an architecture's wheels; `stack` says which versions (see `emulators_setup`)."""
    return emulators_folder() / "packages" / f"{machine}-{stack}"


def check_host() -> None:
    """Raise EdgeCifarError unless this machine can run qemu's programs as Debian builds them."""
    if sys.platform != "linux" or HOST not in ARCHITECTURES:
        raise EdgeCifarError(
            f"CPUs are emulated on Linux on {' or '.join(ARCHITECTURES)}, not on {sys.platform} {HOST}"
        )


def check_prepared(cpus: Iterable[Cpu], stacks: Sequence[str]) -> None:
    """Raise EdgeCifarError, saying how to get it, when something that these CPUs need was not fetched."""
    for cpu in cpus:
        packages = [packages_folder(cpu.machine, stack) for stack in stacks]
        for path in (qemu_path(cpu.machine), python_folder(cpu.machine), *packages):
            if not path.exists():
                raise EdgeCifarError(
                    f"{path} is not there yet; run again with --prepare (needs Debian's apt-get, and pip)"
                )


def qemu_version() -> str:
    """Return qemu's version, as "10.0.2"."""
    process = subprocess.run([qemu_path(HOST), "--version"], capture_output=True, text=True, check=True)
    return process.stdout.split()[2]


def run_python(cpu: Cpu, stack: str, search_path: Path, *arguments: str) -> None:
    """Run Python with `arguments` on a CPU, `search_path` before the wheels on its path.

    Raises EdgeCifarError with its last words when it fails or takes longer than `TIMEOUT`.
    """
    architecture, root = ARCHITECTURES[cpu.machine], python_folder(cpu.machine)
    libraries = [root / "lib" / architecture.libraries, root / "usr/lib" / architecture.libraries]
    emulator = [str(qemu_path(cpu.machine)), "-cpu", cpu.qemu] if cpu.qemu else []
    loader = [str(libraries[0] / architecture.loader), "--library-path", ":".join(map(str, libraries))]
    command = [*emulator, *loader, str(root / "usr/bin" / PYTHON), "-S", *arguments]
    environment = {
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": f"{search_path}:{packages_folder(cpu.machine, stack)}",
        "PYTHONPYCACHEPREFIX": str(emulators_folder() / "bytecode"),
        "PYTHONUTF8": "1",
    }
    try:
        process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise EdgeCifarError(f"no answer in {TIMEOUT} seconds") from error
    if process.returncode:
        words = process.stderr.strip().splitlines() or ["no message"]
        raise EdgeCifarError(f"exit status {process.returncode} ({words[-1]})")
