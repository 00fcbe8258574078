"""A step of the demo: a command in a process of its own, shown as a user would type it."""

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import typer

from ...edge.cli.progress_line import ERASE
from ...edge.errors import RunError


@dataclass(frozen=True)
class Step:
    """A command that was run: its words as typed, its duration, and the JSON objects that it printed."""

    command: str
    seconds: float
    printed: tuple[dict[str, Any], ...]


def run_step(*arguments: object) -> Step:
    """Run `edge-cifar ARGUMENTS --json`; on a terminal the latest of its words stand in a line that is then erased.

    Raises RunError when it fails, after all its words were shown.
    """
    words = [str(argument) for argument in arguments]
    command = shlex.join(["edge-cifar", *words])
    typer.echo(f"$ {command}", err=True)
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as stdout:  # a second pipe might fill while we read the first
        program = [sys.executable, "-m", "edge_cifar.edge", *words, "--json"]
        with subprocess.Popen(program, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:
            told = _shown_in_passing(process)
        if process.returncode:
            typer.echo(told, nl=False, err=True)
            raise RunError(f"the step {words[0]!r} failed (exit {process.returncode}), see above: {command}")
        stdout.seek(0)
        printed = tuple(json.loads(line) for line in stdout)
    return Step(command, time.perf_counter() - started, printed)


def _shown_in_passing(process: "subprocess.Popen[str]") -> str:
    """Return all words of a process, up to its end."""
    assert process.stderr is not None
    terminal, told = sys.stderr.isatty(), []
    for line in process.stderr:
        told.append(line)
        if terminal:
            typer.echo(f"{ERASE}  {line.rstrip()[: shutil.get_terminal_size().columns - 3]}", nl=False, err=True)
    if terminal:
        typer.echo(ERASE, nl=False, err=True)
    return "".join(told)
