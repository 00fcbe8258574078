"""What the studies of peers are told on the command line, and the cores that follow from it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ...edge.errors import EdgeCifarError
from ...edge.machine.cores import usable_cores

Prepare = Annotated[bool, typer.Option("--prepare", help="Make what the peers load, where it is missing.")]
Rounds = Annotated[int, typer.Option(help="Turns that each gets.", min=1)]
Cores = Annotated[str | None, typer.Option(help="Numbers of the cores to use, one or two, as 0,1.")]
Out = Annotated[Path, typer.Option(help="JSON file to write, and the tables beside it as .md.")]


def choose_cores(numbers: str | None) -> list[int]:
    """Return the cores to use, at most two: those named, or the first that this process may use."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(usable_cores()))
    if numbers is None:
        return allowed[: min(2, usable_cores())]
    named = [int(number) if number.isdigit() else -1 for number in numbers.split(",")]
    if not set(named) <= set(allowed) or not 1 <= len(set(named)) == len(named) <= 2:
        raise EdgeCifarError(f"--cores {numbers}: expected one or two of {','.join(map(str, allowed))}")
    return named
