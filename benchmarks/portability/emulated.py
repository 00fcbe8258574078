"""What the commands that run on emulated CPUs have in common: their options, their way to each CPU and their end."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable
from .emulators import CPUS, check_host, check_prepared, run_python
from .emulators_setup import NEWEST, OLDEST, prepare

HOST_CPU = "host"
ALL_CPUS, BOTH_STACKS = ",".join(CPUS), f"{NEWEST},{OLDEST}"

CpusOption = Annotated[str, typer.Option(help="Names, with commas between; the host is always one.")]
OrtOption = Annotated[str, typer.Option(help=f"{NEWEST}, {OLDEST} or versions of onnxruntime, with commas between.")]
FetchOption = Annotated[bool, typer.Option("--prepare", help="Fetch emulators and packages first.")]
OutOption = Annotated[Path | None, typer.Option(help="JSON file to write, and the table beside it as .md.")]


def make_ready(cpus: str, ort: str, fetch: bool, out: Path | None) -> tuple[list[str], list[str]]:
    """Return the names of the CPUs, the host first, and the stacks of packages. Raises EdgeCifarError.

    Fetches what they need if asked; what stands in the way of `out` is told before the work.
    """
    if out:
        check_replaceable(out, out.with_suffix(".md"))
    check_host()
    names, stacks = choose_cpus(cpus), ort.split(",")
    if fetch:
        prepare([CPUS[name].machine for name in names], stacks, say)
    check_prepared([CPUS[name] for name in names], stacks)
    return names, stacks


def choose_cpus(names: str) -> list[str]:
    """Return the CPUs named in a list with commas, the host first. Raises EdgeCifarError for an unknown name."""
    chosen = list(dict.fromkeys([HOST_CPU, *names.split(",")]))
    unknown = [name for name in chosen if name not in CPUS]
    if unknown:
        raise EdgeCifarError(f"unknown CPU {unknown[0]!r}; choose from {', '.join(CPUS)}")
    return chosen


def each_cpu(names: Sequence[str], stacks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield every CPU with every stack, and say which one it is."""
    for stack, name in itertools.product(stacks, names):
        say(f"{name}, {stack} packages")
        yield name, stack


def run_child(name: str, stack: str, folder: Path, module: str) -> None:
    """Run a module of this package on a CPU; it is told `folder`. Raises EdgeCifarError as `run_python` does."""
    (folder / "edge_cifar").symlink_to(Path(__file__).resolve().parents[2])  # importable without an installation
    run_python(CPUS[name], stack, folder, "-m", module, str(folder))


def conclude(table: str, problems: Sequence[str]) -> None:
    """Print the table, then the problems on stderr; exits 1 if there are any."""
    typer.echo(table.rstrip("\n"))
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)


def say(words: str) -> None:
    """Print a line on stderr."""
    typer.echo(words, err=True)
