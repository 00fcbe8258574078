"""One part, in a process of its own: its findings go to stdout, a line of JSON each."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...train.loop.allocator import keep_freed_memory
from ...train.loop.device import choose_device
from .findings import Job, Part

HOMES: Mapping[str, str] = {  # modules of the parts: each loads no more than it needs
    "device": "device",
    "learns": "twice",
    "resumes": "twice",
    "one_process": "twice",
    "exports": "to_the_end",
    "step_rate": "speed",
    "fine_tunes": "to_the_end",
    "reaches": "speed",
}


def child(
    part: Annotated[str, typer.Argument()],
    data: Annotated[str, typer.Option()],
    folder: Annotated[Path, typer.Option()],
    seconds: Annotated[float, typer.Option()],
) -> None:
    """Run one part."""
    keep_freed_memory()  # as training does
    until = time.monotonic() + seconds
    run: Part = getattr(import_module(f".{HOMES[part]}", __package__), part)
    for finding in run(Job(data, folder, choose_device("auto"), until)):
        sys.stdout.write(f"{json.dumps(asdict(finding))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    typer.run(reporting("gpu")(child))
