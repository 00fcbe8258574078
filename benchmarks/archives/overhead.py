"""`python -m edge_cifar.benchmarks.archives.overhead --photos DIR`: Ray beside the local stream, and how it scales.

Start-up is the time for one photo. The others are wall time of whole commands, the local ones less a start, too.
"""

import json
import os
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.machine.cores import usable_cores
from ...edge.stream.find_photos import search
from .bulk_process import make_links, seconds


def overhead(
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Folder with JPEGs.")],
    count: Annotated[int, typer.Option(help="Photos, the same ones again and again.", min=1)] = 5_000,
    repeats: Annotated[int, typer.Option(help="Times each is run, in turn.", min=1)] = 3,
    model: Annotated[str, typer.Option(help="Model.")] = "batchnorm",
) -> None:
    """Measure and print one JSON object."""
    ways = {"local": ["--jobs", str(usable_cores())]}
    ways |= {f"ray {n}": ["--engine", "ray", "--jobs", str(n)] for n in (1, usable_cores())}
    runs: dict[str, list[float]] = {f"{kind}{way}": [] for way in ways for kind in ("", "start of ")}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = [Path(entry.path) for entry in search(str(photos), True, "*.jpg") if not entry.error]
        make_links(files, count, folder / "photos")
        make_links(files, 1, folder / "one")
        for number in range(repeats):
            for way, options in ways.items():
                for name in ("photos", "one"):
                    out = folder / f"{way}-{name}-{number}{'.parquet' if way == 'local' else ''}"
                    took = seconds(folder / name, "-r", "--model", model, "--out", out, *options)
                    runs[way if name == "photos" else f"start of {way}"].append(took)
    typer.echo(json.dumps(summary(runs, count), indent=2))


def summary(runs: dict[str, list[float]], count: int) -> dict[str, object]:
    """Return what the seconds say, by their medians."""
    taken = {name: median(each) for name, each in runs.items()}
    net = {name: taken[name] - taken[f"start of {name}"] for name in taken if not name.startswith("start")}
    most = max(name for name in net if name != "local")
    return {
        "photos": count,
        "seconds": {name: [round(each, 2) for each in every] for name, every in runs.items()},
        "start-up of Ray, seconds": round(taken[f"start of {most}"] - taken["start of local"], 2),
        "photos/s after start-up": {name: round(count / each, 1) for name, each in net.items()},
        "overhead after start-up": round(net[most] / net["local"] - 1, 3),
        "scaling from one worker": round(net["ray 1"] / net[most], 2),
        "cores": usable_cores(),
        "load average": [round(each, 1) for each in os.getloadavg()],
    }


if __name__ == "__main__":
    typer.run(reporting("overhead")(overhead))
