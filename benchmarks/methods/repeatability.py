"""`python -m edge_cifar.benchmarks.methods.repeatability`: whether the benchmark says the same thing twice.

Runs it again and again, each time in a fresh process, and tells how far each ratio strays from that of the median run.
Then once more beside a busy loop on every core, which it must call invalid.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from ...edge.cli.exit_status import reporting
from ...edge.cli.options import AsJson
from ...edge.errors import EdgeCifarError
from ...edge.machine.cores import usable_cores
from ...edge.machine.description import this_machine
from ...edge.model.shipped_models import model_file
from ...edge.text_table import text_table
from ..report.text_tables import short
from ..runtime.session_settings import BUSY

RATIOS = {"net_ratio": "net alone", "photo_ratio": "JPEG to label"}


@dataclass(frozen=True)
class Strayed:
    """A model's ratio to the first one, of each run; `farthest` is the largest deviation from their median, a share."""

    model: str
    ratio: str
    runs: list[float]
    median: float
    farthest: float


def repeatability(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL", parser=model_file, help="Model files.  [default: those of the benchmark]"),
    ] = None,
    runs: Annotated[int, typer.Option(help="Runs before the disturbed one.", min=2)] = 10,
    rounds: Annotated[int, typer.Option(help="Rounds of each.", min=1)] = 40,
    as_json: AsJson = False,
) -> None:
    """Run the benchmark several times, and once disturbed."""
    machine = this_machine()
    command = [sys.executable, "-m", "edge_cifar.edge", "benchmark", *map(str, models or ()), "--rounds", str(rounds)]
    results = [run_once(command, f"run {i} of {runs}") for i in range(1, runs + 1)]
    with ExitStack() as stack:
        for _ in range(usable_cores()):
            stack.callback(stack.enter_context(subprocess.Popen(BUSY)).kill)
        disturbed = run_once(command, "run beside busy loops")
    strays = strayed(results)
    invalid = [result["validity"]["reasons"] for result in results]
    if as_json:
        report = {
            "machine": asdict(machine),
            "ratios": [asdict(stray) for stray in strays],
            "invalid": invalid,
            "disturbed": disturbed["validity"],
        }
        typer.echo(json.dumps(report))
    else:
        typer.echo(_text(strays, invalid, disturbed["validity"]["reasons"]))


def run_once(command: Sequence[str], words: str) -> dict[str, Any]:
    """Return the JSON of one benchmark. Raises EdgeCifarError when it fails."""
    typer.echo(f"{words} ...", err=True)
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise EdgeCifarError(f"the benchmark failed: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def strayed(results: Sequence[dict[str, Any]]) -> list[Strayed]:
    """Return how far each ratio of each model but the first strays over the runs."""
    strays = []
    for own in list(zip(*(result["models"] for result in results), strict=True))[1:]:
        for key, words in RATIOS.items():
            ratios = [model[key]["median"] for model in own]
            middle = median(ratios)
            farthest = max(abs(ratio / middle - 1) for ratio in ratios)
            strays.append(Strayed(own[0]["model"], words, ratios, middle, farthest))
    return strays


def _text(strays: Sequence[Strayed], invalid: Sequence[Sequence[str]], disturbed: Sequence[str]) -> str:
    rows = [
        (
            short(stray.model),
            stray.ratio,
            f"{stray.median:.3f}",
            f"{min(stray.runs):.3f}-{max(stray.runs):.3f}",
            f"{stray.farthest:.1%}",
        )
        for stray in strays
    ]
    runs = len(invalid)
    lines = text_table((f"{runs} runs", "ratio to the first", "median", "all", "farthest"), rows)
    lines += [f"run {i} was called INVALID: {'; '.join(reasons)}" for i, reasons in enumerate(invalid, 1) if reasons]
    lines.append(f"beside busy loops: {'INVALID, ' + '; '.join(disturbed) if disturbed else 'NOT NOTICED'}")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(reporting("repeatability")(repeatability))
