"""What mutation testing found, by module, and what every survivor changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """A changed function; where no test noticed, `change` has the lines of a diff.

    `why` says what makes such a change harmless, and is empty where nobody has explained it.
    """

    module: str
    name: str
    killed: bool
    change: str = ""
    why: str = ""


def as_json(mutants: Sequence[Mutant]) -> dict[str, Any]:
    """Return counts by module, and the survivors."""
    return {
        "mutants": len(mutants),
        "killed": sum(mutant.killed for mutant in mutants),
        "modules": {module: {"mutants": len(of), "killed": killed} for module, of, killed in _by_module(mutants)},
        "survivors": [
            {"name": mutant.name, "change": mutant.change, "why": mutant.why} for mutant in mutants if not mutant.killed
        ],
    }


def as_markdown(mutants: Sequence[Mutant]) -> str:
    """Return a table by module, then each survivor: the unexplained first."""
    killed = sum(mutant.killed for mutant in mutants)
    lines = [
        f"{killed} of {len(mutants)} mutants killed, {killed / len(mutants):.1%}.",
        "",
        "| module | mutants | killed | survivors explained | unexplained |",
        "|---|---:|---:|---:|---:|",
    ]
    for module, of, killed in _by_module(mutants):
        explained = sum(bool(mutant.why) for mutant in of)
        lines.append(f"| `{module}` | {len(of)} | {killed} | {explained} | {len(of) - killed - explained} |")
    survivors = sorted((mutant for mutant in mutants if not mutant.killed), key=lambda mutant: bool(mutant.why))
    for mutant in survivors:
        lines += ["", f"`{mutant.name}`: {mutant.why or 'not explained'}", "", "```diff", mutant.change, "```"]
    return "\n".join(lines) + "\n"


def _by_module(mutants: Iterable[Mutant]) -> list[tuple[str, list[Mutant], int]]:
    groups = [(module, list(of)) for module, of in groupby(mutants, lambda mutant: mutant.module)]
    return [(module, of, sum(mutant.killed for mutant in of)) for module, of in groups]
