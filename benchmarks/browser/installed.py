"""The browsers that are installed here, each of which opens a URL on a screen that nobody sees."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from ...edge.errors import EdgeCifarError

SECONDS = 180  # until a browser has told its version, or has ended: a busy machine takes long


@dataclass(frozen=True)
class Program:
    """How a browser is found and started."""

    names: tuple[str, ...]
    package: str  # Debian's
    options: tuple[str, ...] = ()


Name = Literal["chromium", "firefox", "webkit"]

PROGRAMS: Mapping[Name, Program] = {
    "chromium": Program(
        ("chromium", "chromium-browser", "google-chrome"), "chromium", ("--headless", "--no-first-run")
    ),
    "firefox": Program(("firefox", "firefox-esr"), "firefox-esr", ("--headless",)),
    "webkit": Program(("MiniBrowser",), "webkit2gtk-driver"),  # WebKit's own small browser
}
BESIDE_PATH = "*/webkit2gtk-4.*"  # where MiniBrowser is, in /usr/lib


@dataclass(frozen=True)
class Installed:
    """A browser: its name and version as it says them, and the command that starts it."""

    version: str
    command: tuple[str, ...]

    @contextmanager
    def opened(self, url: str) -> Iterator[None]:
        """Open a URL, in a browser that knows nothing yet, until the context ends."""
        with TemporaryDirectory(ignore_cleanup_errors=True) as home:
            environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
            process = subprocess.Popen(
                [*self.command, url],
                env=environment | {"HOME": home, "TMPDIR": home},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that all of its processes can be ended
            )
            try:
                yield
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(SECONDS)


def find_browser(name: Name) -> str:
    """Return the path of a browser. Raises EdgeCifarError where it is not installed."""
    program = PROGRAMS[name]
    beside = map(str, Path("/usr/lib").glob(BESIDE_PATH))
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *beside])
    for each in program.names:
        if found := shutil.which(each, path=path):
            return found
    raise EdgeCifarError(f"no {name} here ({', '.join(program.names)}); install it (Debian: {program.package})")


def installed(name: Name) -> Installed:
    """Return a browser. Raises EdgeCifarError where it, or a screen for it, is missing."""
    path = find_browser(name)
    if Path("/snap/bin", Path(path).name).exists():
        raise EdgeCifarError(f"{path}: a snap, which can't be given a home folder; install another {name}")
    command = [path]
    if name == "webkit" and not os.environ.get("DISPLAY"):
        if not shutil.which("xvfb-run"):
            raise EdgeCifarError(f"no screen for {name} here; install one (Debian: xvfb)")
        command = ["xvfb-run", "--auto-servernum", *command]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    told = re.match(r"[A-Za-z ]+[\w.]+", done.stdout)
    if told is None:
        raise EdgeCifarError(f"{path}: does not start (exit status {done.returncode})")
    options = PROGRAMS[name].options
    if name == "chromium" and os.geteuid() == 0:
        options += ("--no-sandbox",)  # root has none
    return Installed(told[0], (*command, *options))


def all_installed() -> list[Installed]:
    """Return the browsers that can be started here. Raises EdgeCifarError if there are none."""
    found = []
    why = []
    for name in PROGRAMS:
        try:
            found.append(installed(name))
        except EdgeCifarError as error:
            why.append(str(error))
    if not found:
        raise EdgeCifarError("; ".join(why))
    return found
