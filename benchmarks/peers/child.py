"""What runs in the process of a peer: load it, answer every input once, then take timed turns when asked.

Started as `python -m edge_cifar.benchmarks.peers.child REQUEST`, a JSON object:

    "cores"    to stay on, as numbers       "threads"  to use
    "runtime"  of RUNTIMES, or "way" of WAYS    "file"     that it loads
    "inputs"   uint8 (N, S, S, 4) as .npy, or paths of photos (a list)
    "answers"  .npy to write: logits (N, classes), or labels (N,)

Prints the package's version as a line of JSON, then for each line "FIRST CALLS" on stdin the seconds of so many calls,
the first on input FIRST.
"""

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ...edge.stats.paired_timing import Task
from .photo_ways import WAYS
from .runtimes import RUNTIMES


def main(request: dict[str, Any]) -> None:
    """Serve the request until stdin ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, request["cores"])
    replies = _take_stdout()
    task, count, package = _photo_task(request) if "way" in request else _net_task(request)
    np.save(request["answers"], np.stack([np.array(task(i)) for i in range(count)]))
    print(json.dumps(version(package)), file=replies, flush=True)
    for line in sys.stdin:
        first, calls = map(int, line.split())
        print(json.dumps(_turn(task, first, calls)), file=replies, flush=True)


def _net_task(request: dict[str, Any]) -> tuple[Task, int, str]:
    runtime = RUNTIMES[request["runtime"]]
    images = np.load(request["inputs"], allow_pickle=False)[..., : runtime.channels]
    inputs = [np.ascontiguousarray(image[np.newaxis]) for image in images]
    run = runtime.load(Path(request["file"]), request["threads"])
    return (lambda call: run(inputs[call % len(inputs)])[0]), len(inputs), runtime.package


def _photo_task(request: dict[str, Any]) -> tuple[Task, int, str]:
    way, photos = WAYS[request["way"]], [Path(photo) for photo in request["inputs"]]
    label = way.open(Path(request["file"]), request["threads"])
    return (lambda call: label(photos[call % len(photos)])), len(photos), way.package


def _turn(task: Task, first: int, calls: int) -> list[float]:
    """Return the seconds of each call, after one more that brings back into the caches what others drove out."""
    task(first)
    seconds = []
    for call in range(first, first + calls):
        started = time.perf_counter()
        task(call)
        seconds.append(time.perf_counter() - started)
    return seconds


def _take_stdout() -> TextIO:
    """Return stdout as it was, and let whatever the libraries print go to stderr."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return replies


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed; run: pip install 'edge-cifar[peers]'")
