"""`python -m edge_cifar.benchmarks.archives.driver_memory`: the driver's memory, of few and of many photos.

The photos are names of one small PNG. The peak is what Linux says of the process that was started (VmHWM), without
Ray's own and the workers.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from ...edge.cli.exit_status import reporting
from .bulk_process import make_links, start

LOOK = 0.5  # seconds
MB = 10**6


def driver_memory(
    counts: Annotated[str, typer.Option(help="Numbers of photos, with commas between.")] = "10000,200000",
) -> None:
    """Measure and print one JSON object."""
    peaks = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        Image.new("RGB", (8, 8), "red").save(folder / "red.png")
        for count in map(int, counts.split(",")):
            make_links([folder / "red.png"], count, folder / f"photos-{count}")
            begun = time.monotonic()
            peak = peak_of(folder / f"photos-{count}", "-r", "--engine", "ray", "--out", folder / f"out-{count}")
            seconds = round(time.monotonic() - begun, 1)
            peaks[count] = {"peak, MB": round(peak / MB, 1), "seconds": seconds, "photos/s": round(count / seconds, 1)}
    typer.echo(json.dumps({"driver": peaks, "load average": [round(each, 1) for each in os.getloadavg()]}, indent=2))


def peak_of(*arguments: str | Path) -> int:
    """Return the most memory that a prediction held at one time, in bytes. Raises RuntimeError if it fails."""
    process = start(*arguments)
    peak = 0
    while process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1]) * 1024
        time.sleep(LOOK)
    if process.returncode:
        raise RuntimeError(f"ended with {process.returncode}")
    return peak


if __name__ == "__main__":
    typer.run(reporting("driver_memory")(driver_memory))
