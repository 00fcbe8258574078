"""What mutation testing found, by module, and what every survivor changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


def by_module(mutants: Iterable[Mutant]) -> dict[str, dict[str, Any]]:
    """Return counts and survivors of each module, ready for JSON."""
    modules: dict[str, dict[str, Any]] = {}
    for mutant in mutants:
        found = modules.setdefault(mutant.module, {"mutants": 0, "killed": 0, "survivors": []})
        found["mutants"] += 1
        if mutant.killed:
            found["killed"] += 1
        else:
            found["survivors"].append({"name": mutant.name, "change": mutant.change, "why": mutant.why})
    return modules


def as_markdown(modules: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table by module, then each survivor: the unexplained first."""
    killed, mutants = (sum(found[count] for found in modules.values()) for count in ("killed", "mutants"))
    lines = [
        f"{killed} of {mutants} mutants killed, {killed / mutants:.1%}.",
        "",
        "| module | mutants | killed | survivors explained | unexplained |",
        "|---|---:|---:|---:|---:|",
    ]
    for module, found in modules.items():
        explained = sum(bool(survivor["why"]) for survivor in found["survivors"])
        unexplained = len(found["survivors"]) - explained
        lines.append(f"| `{module}` | {found['mutants']} | {found['killed']} | {explained} | {unexplained} |")
    survivors = [survivor for found in modules.values() for survivor in found["survivors"]]
    for survivor in sorted(survivors, key=lambda survivor: bool(survivor["why"])):
        lines += ["", f"`{survivor['name']}`: {survivor['why'] or 'not explained'}"]
        lines += ["", "```diff", survivor["change"], "```"]
    return "\n".join(lines) + "\n"
