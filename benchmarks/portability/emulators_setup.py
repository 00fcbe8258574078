"""Fetching what emulated CPUs need: qemu and Pythons from Debian, wheels from pip's index, into the cache folder.

Nothing is installed and nothing of the system changes: apt-get works on package lists of its own, packages are only
unpacked. They come from the Debian mirror that this machine's apt is set to.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import requires
from pathlib import Path
from tempfile import TemporaryDirectory

from ...edge.errors import EdgeCifarError
from .emulators import ARCHITECTURES, HOST, PYTHON, emulators_folder, packages_folder, python_folder, qemu_path

QEMU_SUITE = "trixie"  # qemu 10.0; the 7.2 of bookworm crashes where onnxruntime is imported for aarch64
PYTHON_SUITE = "bookworm"  # the one with Python 3.11
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

WHEEL_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")  # glibc, new to old
PACKAGES = ("onnxruntime", "numpy", "pillow")
NEWEST, OLDEST = "newest", "oldest"

SOURCES = """\
Types: deb
URIs: {mirror}
Suites: {suite}
Components: main
Signed-By: {keyring}
"""

APT_CONFIG = """\
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{folder}/sources";
Dir::State "{folder}";
Dir::State::Status "{folder}/status";
Dir::Cache "{folder}";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
"""


def prepare(machines: Iterable[str], stacks: Sequence[str], say: Callable[[str], None]) -> None:
    """Fetch what is missing for CPUs of these architectures, and wheels of these stacks again (see `requirements`).

    `say` gets a line before each download. Raises EdgeCifarError when apt-get, dpkg or pip is missing or fails.
    """
    if not all(qemu_path(machine).exists() for machine in ARCHITECTURES):
        say("fetching qemu (70 MB)")
        with debian_packages(QEMU_SUITE, ARCHITECTURES[HOST].debian, "qemu-user") as root:
            for machine in ARCHITECTURES:
                _keep(root / "usr/bin" / qemu_path(machine).name, qemu_path(machine))
    for machine in sorted(set(machines)):
        if not python_folder(machine).exists():
            say(f"fetching {PYTHON} for {machine} (17 MB)")
            needed = (f"{PYTHON}-minimal", f"lib{PYTHON}-stdlib", "libstdc++6")
            with debian_packages(PYTHON_SUITE, ARCHITECTURES[machine].debian, *needed) as root:
                _keep(root, python_folder(machine))
        for stack in stacks:
            say(f"fetching {', '.join(requirements(stack))} for {machine}")
            _fetch_wheels(machine, stack)


def requirements(stack: str) -> list[str]:
    """Return what pip is asked for.

    `stack` is "newest", "oldest" (the least that this project accepts) or a version of onnxruntime, which then comes
    with the oldest of the others. Raises EdgeCifarError.
    """
    if stack == NEWEST:
        return list(PACKAGES)
    versions = {name: _floor(name) for name in PACKAGES}
    if stack != OLDEST:
        versions["onnxruntime"] = stack
    return [f"{name}=={version}" for name, version in versions.items()]


@contextmanager
def debian_packages(suite: str, architecture: str, *names: str) -> Iterator[Path]:
    """Give a folder laid out like `/` that holds Debian packages and all that they depend on; it lasts for the block.

    Raises EdgeCifarError.
    """
    emulators_folder().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=emulators_folder()) as work:
        folder = Path(work)
        sources, status, config = folder / "sources/debian.sources", folder / "status", folder / "apt.conf"
        sources.parent.mkdir()
        sources.write_text(SOURCES.format(mirror=debian_mirror(), suite=suite, keyring=KEYRING))
        status.touch()  # as if nothing were installed: dependencies come too
        config.write_text(APT_CONFIG.format(folder=folder, architecture=architecture))
        apt = {"APT_CONFIG": str(config)}
        _run("apt-get", "update", environment=apt)
        _run("apt-get", "install", "--yes", "--download-only", *names, environment=apt)
        for package in sorted((folder / "archives").glob("*.deb")):
            _run("dpkg", "-x", str(package), str(folder / "root"))
        yield folder / "root"


def debian_mirror() -> str:
    """Return the address of the Debian mirror that this machine's apt is set to. Raises EdgeCifarError."""
    printed = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main")
    for address in printed.splitlines():
        if address.rstrip("/").endswith("/debian"):
            return address
    raise EdgeCifarError("apt knows no Debian mirror on this machine (an address that ends in /debian)")


def _fetch_wheels(machine: str, stack: str) -> None:
    platforms = [f"--platform={name}_{machine}" for name in WHEEL_PLATFORMS]
    with TemporaryDirectory(dir=emulators_folder()) as work:
        _run(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--only-binary=:all:"),
            *(*platforms, f"--python-version={PYTHON.removeprefix('python')}", f"--target={work}/packages"),
            *requirements(stack),
        )
        shutil.rmtree(packages_folder(machine, stack), ignore_errors=True)
        _keep(Path(work) / "packages", packages_folder(machine, stack))


def _floor(name: str) -> str:
    """Return the oldest version of a package that this project declares it works with."""
    for requirement in requires("edge-cifar") or []:
        if match := re.match(rf"{name}\b.*>=\s*([\d.]+)", requirement):
            return match[1]
    raise EdgeCifarError(f"edge-cifar declares no oldest version of {name}")


def _keep(path: Path, target: Path) -> None:
    """Move what is complete to where it is looked for, in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)


def _run(*command: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program and return its stdout. Raises EdgeCifarError with its last words."""
    try:
        process = subprocess.run(
            command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise EdgeCifarError(f"{command[0]} is not installed; emulated CPUs are prepared on Debian") from error
    if process.returncode:
        words = process.stderr.strip().splitlines() or ["no message"]
        raise EdgeCifarError(f"{' '.join(command[:4])} failed: {words[-1]}")
    return process.stdout
