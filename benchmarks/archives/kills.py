"""`python -m edge_cifar.benchmarks.archives.kills --photos DIR`: workers and whole runs killed at random moments.

After each kill of a run it is started again with --resume. Exits 1 if in the end a photo has no row, or more than one.
"""

import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.stream.find_photos import search
from .bulk_process import make_links, start, times_of_each, workers

LOOK = 0.1  # seconds


def kills(
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Folder with JPEGs.")],
    count: Annotated[int, typer.Option(help="Photos, the same ones again and again.", min=1)] = 90_000,
    worker_kills: Annotated[int, typer.Option(help="Workers to kill.", min=0)] = 20,
    run_kills: Annotated[int, typer.Option(help="Whole runs to kill.", min=0)] = 5,
    pause: Annotated[float, typer.Option(help="Most seconds from one kill to the next.", min=0)] = 3.0,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
) -> None:
    """Kill and report."""
    moments = random.Random(seed)
    victims = ["worker"] * worker_kills + ["run"] * run_kills
    moments.shuffle(victims)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = [Path(entry.path) for entry in search(str(photos), True, "*.jpg") if not entry.error]
        make_links(files, count, folder / "photos")
        command: list[str | Path] = [folder / "photos", "-r", "--engine", "ray", "--out", folder / "out"]
        done = {"worker": 0, "run": 0}
        process = start(*command)
        for victim in victims:
            if _kill(process, victim, moments.uniform(0, pause), moments):
                done[victim] += 1
            if process.poll() is not None:
                process = start(*command, "--resume")
        status = process.wait()
        times = times_of_each(folder / "out")
    lost, doubled = count - len(times), sum(n > 1 for n in times.values())
    typer.echo(
        f"{count} photos, {done['worker']} workers and {done['run']} runs killed: {lost} rows lost, {doubled} double, "
        f"exit {status}"
    )
    if lost or doubled or done != {"worker": worker_kills, "run": run_kills}:
        raise typer.Exit(1)


def _kill(process: "subprocess.Popen[str]", victim: str, pause: float, moments: random.Random) -> bool:
    """Wait for a worker, then so many seconds more, and kill; return whether the run was still going on."""
    _at_work(process)
    time.sleep(pause)
    found = _at_work(process)
    if not found:
        return False
    if victim == "run":
        process.kill()
        process.wait()
        return True
    try:
        os.kill(moments.choice(found), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _at_work(process: "subprocess.Popen[str]") -> list[int]:
    """Return the workers of a run as soon as it has some, which between two parts it may not; none if it is over."""
    while not (found := workers(process.pid)) and process.poll() is None:
        time.sleep(LOOK)
    return found if process.poll() is None else []


if __name__ == "__main__":
    typer.run(reporting("kills")(kills))
