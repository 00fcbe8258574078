"""`edge-cifar predict --engine ray` as a process of its own, on folders made of links."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import pyarrow.parquet as pq

PREDICT = (sys.executable, "-m", "edge_cifar.edge", "predict")
PER_FOLDER = 10_000


def make_links(photos: Sequence[Path], count: int, folder: Path) -> None:
    """Make `count` names of `photos`, in turn, in subfolders of `folder`."""
    for i, photo in enumerate(islice(cycle(photos), count)):
        inside = folder / f"{i // PER_FOLDER:04}"
        if i % PER_FOLDER == 0:
            inside.mkdir(parents=True)
        link = inside / f"{i:08}{photo.suffix}"
        try:
            os.link(photo, link)
        except OSError:  # another disk, or too many names of one file
            link.symlink_to(photo.absolute())


def start(*arguments: str | Path) -> "subprocess.Popen[str]":
    """Start a prediction; its words are not kept."""
    return subprocess.Popen(
        [*PREDICT, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )


def seconds(*arguments: str | Path) -> float:
    """Return how long a prediction takes. Raises RuntimeError if it fails."""
    begun = time.monotonic()
    done = subprocess.run([*PREDICT, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return time.monotonic() - begun


def workers(process: int) -> list[int]:
    """Return the processes below `process` that classify."""
    parents: dict[int, int] = {}
    names: dict[int, bytes] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
            names[int(stat.parts[2])] = (stat.parent / "cmdline").read_bytes()
        except OSError:  # ended meanwhile
            continue
        parents[int(stat.parts[2])] = int(text.rpartition(")")[2].split()[1])
    return sorted(each for each, name in names.items() if b"classify_part" in name and process in _above(each, parents))


def _above(process: int, parents: dict[int, int]) -> Iterator[int]:
    while process := parents.get(process, 0):
        yield process


def times_of_each(out: Path) -> Counter[str]:
    """Return how often each path is a row."""
    return Counter(pq.read_table(out, columns=["path"])["path"].to_pylist())
