"""Classify hostile photos as a user would: no crash, no traceback, each named once, little time and memory.

`python -m edge_cifar.benchmarks.robustness.hostile_photos --files 20000` exits 1 when any of that does not hold.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.model.shipped_models import SHIPPED_DEFAULT
from ..measure.startup import FRESH
from .hostile_files import Files, hostile_files

CHUNK = 2000  # files that one process is given
MAX_BYTES, MAX_SECONDS = 400e6, 2.0  # of a process; for a file
CHILD = (sys.executable, "-W", "error", "-m", f"{__package__}.hostile_child")


@dataclass
class Findings:
    """What came of the files so far; `faults` says in words what must not happen."""

    files: int = 0
    read: int = 0
    slowest: tuple[float, str] = (0.0, "")  # seconds, name
    peak_bytes: int = 0
    faults: list[str] = field(default_factory=list)

    def judge(self) -> list[str]:
        """Return the faults, the limits of time and memory included."""
        limits = []
        if self.slowest[0] > MAX_SECONDS:
            limits.append(f"{self.slowest[1]} took {self.slowest[0]:.1f} s, more than {MAX_SECONDS}")
        if self.peak_bytes > MAX_BYTES:
            limits.append(f"{self.peak_bytes / 1e6:.0f} MB of memory, more than {MAX_BYTES / 1e6:.0f}")
        return self.faults + limits


def hostile(
    files: Annotated[int, typer.Option(help="How many photos.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="Of the random damage.")] = 0,
) -> None:
    """Classify hostile photos and report."""
    findings = Findings()
    made = islice(hostile_files(seed), files)
    while try_some(islice(made, CHUNK), findings):
        typer.echo(f"{findings.files} files", err=True)
    seconds, name = findings.slowest
    typer.echo(f"{findings.files} files, {findings.read} of them read, the others named with what is wrong")
    typer.echo(f"slowest {seconds:.2f} s ({name}); most memory {findings.peak_bytes / 1e6:.0f} MB")
    faults = findings.judge()
    for fault in faults:
        typer.echo(f"fault: {fault}")
    typer.echo(f"{len(faults)} faults")
    if faults:
        raise typer.Exit(1)


def try_some(files: Files, findings: Findings) -> int:
    """Classify some files, by the command and one by one; add to `findings`; return how many there were."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = []
        for file_name, content in files:
            paths.append(folder / file_name)
            paths[-1].write_bytes(content)
        if paths:
            _by_command(folder, paths, findings)
            _one_by_one(folder, findings)
    findings.files += len(paths)
    return len(paths)


def _by_command(folder: Path, paths: list[Path], findings: Findings) -> None:
    """Run `edge-cifar predict FOLDER --json`: exit 0 or 1, no traceback, a line for each file."""
    command = (*FRESH, "predict", str(folder), "--json", "--model", str(SHIPPED_DEFAULT))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        findings.faults.append(f"predict ended with {done.returncode}: {done.stderr[-500:]}")
        return
    *lines, told = done.stdout.splitlines()
    named = Counter(json.loads(line)["path"] for line in lines)
    findings.peak_bytes = max(findings.peak_bytes, json.loads(told)["peak_bytes"])
    for path in paths:
        if named[str(path)] != 1:
            findings.faults.append(f"{path.name} was named {named[str(path)]} times")


def _one_by_one(folder: Path, findings: Findings) -> None:
    """Read the files in a child process, for the time that each takes."""
    done = subprocess.run((*CHILD, str(folder)), capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or done.stderr:
        findings.faults.append(f"exit {done.returncode} at {lines[-1:]}, on stderr: {done.stderr[-500:]}")
    if done.returncode:
        lines = lines[:-1]
    for line in lines:
        row = json.loads(line)
        findings.read += row["read"]
        findings.slowest = max(findings.slowest, (row["seconds"], Path(row["path"]).name))


if __name__ == "__main__":
    typer.run(reporting("hostile")(hostile))
