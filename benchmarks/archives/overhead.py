"""`python -m edge_cifar.benchmarks.archives.overhead --photos DIR`: Ray beside the local stream, and how it scales.

A run of Ray is at work from its first finished part to its last, as the files tell; the rest of its wall time is
start-up and end. The local stream is at work for its wall time less that for one photo.
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
    wall: dict[str, list[float]] = {way: [] for way in ways}
    work: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = [Path(entry.path) for entry in search(str(photos), True, "*.jpg") if not entry.error]
        make_links(files, count, folder / "photos")
        for number in range(repeats):
            start = seconds(files[0], "--model", model)
            for way, options in ways.items():
                out = folder / f"{way}-{number}{'.parquet' if way == 'local' else ''}"
                took = seconds(folder / "photos", "-r", "--model", model, "--out", out, *options)
                wall[way].append(took)
                work[way].append(took - start if way == "local" else at_work(out))
    typer.echo(json.dumps(summary(count, wall, work), indent=2))


def at_work(out: Path) -> float:
    """Return the seconds that all parts take at the rate at which those after the first were finished."""
    times = sorted(path.stat().st_mtime for path in (out / "_done").iterdir())
    return (times[-1] - times[0]) * len(times) / (len(times) - 1)


def summary(count: int, wall: dict[str, list[float]], work: dict[str, list[float]]) -> dict[str, object]:
    """Return what the seconds say, by their medians."""
    net = {way: median(each) for way, each in work.items()}
    most = list(net)[-1]
    return {
        "photos": count,
        "wall, seconds": {way: [round(each, 2) for each in every] for way, every in wall.items()},
        "at work, seconds": {way: [round(each, 2) for each in every] for way, every in work.items()},
        "start-up and end of Ray, seconds": round(median(wall[most]) - net[most], 2),
        "photos/s at work": {way: round(count / each, 1) for way, each in net.items()},
        "overhead at work": round(net[most] / net["local"] - 1, 3),
        "scaling from one worker": round(net["ray 1"] / net[most], 2),
        "cores": usable_cores(),
        "load average": [round(each, 1) for each in os.getloadavg()],
    }


if __name__ == "__main__":
    typer.run(reporting("overhead")(overhead))
