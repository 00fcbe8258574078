"""`python -m edge_cifar.benchmarks.serving.load`: photos a second over HTTP, beside `Classifier.predict_many`.

Both have one core, the server with all its threads on it, and take turns; the clients have another core. Processor time
is told, too, since other work on the machine disturbs it less. Then more is asked than the server can do, and its
memory is watched over many requests.
"""

import io
import os
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from ...edge.cli.exit_status import reporting
from ...edge.data.synthetic_shapes import LABELS, render
from ...edge.errors import EdgeCifarError
from ...edge.inference.classifier import Classifier
from ...edge.model.shipped_models import model_file
from ...edge.stream.find_photos import find_photos
from .clients import Load, closed_loop, form, open_loop, request
from .server_process import ServerProcess, server_process

CLIENTS = (1, 8, 64)
RENDERED = 20  # photos, where none are given
GRAIN = 6.0  # standard deviation of their noise, of 255: as much detail as cameras' have
MOST_PHOTOS = 500
IN_FORM = 8
MOST = 256  # connections of the overload
MB = 10**6


def load(
    photos: Annotated[Path | None, typer.Option(help="Folder of JPEGs; without it photos are rendered.")] = None,
    megapixels: Annotated[float, typer.Option(help="Of the photos rendered.", min=0.01, max=60)] = 12.0,
    model: Annotated[str, typer.Option(help="Model of the package, or a file.")] = "nano",
    rounds: Annotated[int, typer.Option(help="Turns of each way.", min=1)] = 7,
    seconds: Annotated[float, typer.Option(help="Of a turn.", min=0.1)] = 4.0,
    requests: Annotated[int, typer.Option(help="Over which memory is watched.", min=100)] = 100_000,
) -> None:
    """Load a server, and say what it bears."""
    ours, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise EdgeCifarError("needs two cores: one for the server, one for its clients")
    contents = _photos(photos, megapixels)
    typer.echo(f"{len(contents)} JPEGs of {sum(map(len, contents)) // len(contents):,} bytes, {model}, one core")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        with server_process([model, "--jobs", "1"], [ours], log) as server:
            os.sched_setaffinity(0, others)
            _take_turns(server, Classifier(model_file(model)), contents, rounds, seconds, ours, others)
            rate = _latencies(server, contents, seconds)
            _overload(server, contents, rate, seconds)
        with server_process([model, "--jobs", "1"], [ours], log) as server:
            _memory(server, contents, requests)


def _photos(folder: Path | None, megapixels: float) -> list[bytes]:
    if folder:
        found = find_photos([str(folder)], True, "*.jpg")
        return [Path(entry.path).read_bytes() for entry in islice(found, MOST_PHOTOS) if entry]
    random, contents = np.random.RandomState(0), []
    width, height = round(1000 * (megapixels * 4 / 3) ** 0.5), round(1000 * (megapixels * 3 / 4) ** 0.5)
    for i in range(RENDERED):
        image = np.asarray(render(LABELS[i % len(LABELS)], width, height, random), np.float32)
        grained = image + random.normal(0, GRAIN, (*image.shape[:2], 1)).astype(np.float32)
        file = io.BytesIO()
        Image.fromarray(grained.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
        contents.append(file.getvalue())
    return contents


def _take_turns(
    server: ServerProcess,
    classifier: Classifier,
    contents: list[bytes],
    rounds: int,
    seconds: float,
    ours: int,
    others: list[int],
) -> None:
    """Print the server's rate and processor time by those of `predict_many`, photo by photo and in forms."""
    ways = {"one photo a request, 64 clients": ([request(each) for each in contents], 64, 1)}
    ways[f"{IN_FORM} photos a request, 8 clients"] = ([form(some) for some in _some(contents)], 8, IN_FORM)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    costs: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    alone = []
    for _ in range(rounds):
        os.sched_setaffinity(0, [ours])
        rate, cost = _predict_many(classifier, contents, seconds)
        os.sched_setaffinity(0, others)
        alone.append(rate)
        for name, (requests, clients, each) in ways.items():
            before = server.cpu_seconds()
            given = closed_loop(server.port, requests, clients, _for(seconds))
            spent = (server.cpu_seconds() - before) / (each * given.statuses[200])
            rates[name].append(each * given.rate() / rate)
            costs[name].append(cost / spent)
            busy[name].append(given.busy)
    typer.echo(f"predict_many: {median(alone):,.0f} photos/s")
    for name in ways:
        typer.echo(
            f"{name}: {100 * median(rates[name]):.0f} % of its photos/s ({_spread(rates[name])}), "
            f"{100 * median(costs[name]):.0f} % by processor time ({_spread(costs[name])}); "
            f"the clients took {100 * median(busy[name]):.0f} % of their core"
        )


def _some(contents: list[bytes]) -> list[list[bytes]]:
    endless = cycle(contents)
    return [list(islice(endless, IN_FORM)) for _ in contents]


def _spread(values: list[float]) -> str:
    return f"{100 * min(values):.0f} - {100 * max(values):.0f}"


def _predict_many(classifier: Classifier, contents: list[bytes], seconds: float) -> tuple[float, float]:
    """Return photos a second, and processor seconds a photo, of this process."""
    started, before, n = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < seconds:
        n += sum(result.ok for result in classifier.predict_many(contents))
    return n / (time.perf_counter() - started), (time.process_time() - before) / n


def _latencies(server: ServerProcess, contents: list[bytes], seconds: float) -> float:
    """Print how long answers take; return the highest rate."""
    requests, rate = [request(each) for each in contents], 0.0
    for clients in CLIENTS:
        given = closed_loop(server.port, requests, clients, _for(seconds))
        typer.echo(f"{clients} clients: {_told(given)}")
        rate = max(rate, given.rate())
    return rate


def _overload(server: ServerProcess, contents: list[bytes], rate: float, seconds: float) -> None:
    requests = [request(each) for each in contents]
    given = open_loop(server.port, requests, 2 * rate, seconds, MOST)
    typer.echo(f"asked for twice as much: {_told(given)}")
    if 429 in given.seconds:
        typer.echo(f"refused in p50 {given.milliseconds(0.5, 429):.1f} ms, p99 {given.milliseconds(0.99, 429):.1f} ms")
    typer.echo(f"after it, 8 clients: {_told(closed_loop(server.port, requests, 8, _for(seconds)))}")


def _for(seconds: float) -> Callable[[int], bool]:
    """Return what goes on for so long."""
    end = time.perf_counter() + seconds
    return lambda _: time.perf_counter() < end


def _told(given: Load) -> str:
    statuses = ", ".join(f"{count:,} x {status}" for status, count in given.statuses.items())
    return (
        f"{given.rate():,.0f} photos/s, p50 {given.milliseconds(0.5):.1f} ms, p99 {given.milliseconds(0.99):.1f} ms "
        f"({statuses})"
    )


def _memory(server: ServerProcess, contents: list[bytes], requests: int) -> None:
    """Print how the server's memory grew, from where a tenth is done on."""
    sent = [request(each) for each in contents]
    readings: list[int] = []

    def go_on(asked: int) -> bool:
        if asked * 100 // requests >= len(readings):
            readings.append(server.resident_bytes())
        return asked < requests

    given = closed_loop(server.port, sent, 8, go_on)
    late = readings[len(readings) // 10 :]
    typer.echo(
        f"{sum(given.statuses.values()):,} requests in {given.took:,.0f} s: {late[0] / MB:.1f} MB after a tenth, "
        f"at most {max(late) / MB:.1f}, {late[-1] / MB:.1f} at the end: grown by {(max(late) - late[0]) / MB:.1f} MB"
    )


if __name__ == "__main__":
    typer.run(reporting("load")(load))
