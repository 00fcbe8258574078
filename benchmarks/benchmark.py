"""`edge-cifar benchmark`: parse, measure, print."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from ..edge.errors import printable
from ..edge.latency import Latency, Ratio
from ..edge.machine import Machine, this_machine
from ..edge.model import SHIPPED, SHIPPED_DEFAULT, default_model
from ..edge.synthetic import PHOTO_SIZE
from .accuracy import Accuracy
from .measure import BATCH, Measured, measure

SCHEMA = 1  # of the JSON; raised when a key changes its meaning or goes away
NAME_WIDTH = 36  # columns

Cells: TypeAlias = tuple[str, ...]


def benchmark(
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="MODEL",
            help="Model files; all are compared with the first.  [default: the shipped ones and the newest export "
            "under runs/]",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Measure accuracy too, on cifar10, synthetic, or a folder with train/<class>/* and test/<class>/*."
        ),
    ] = None,
    split: Annotated[Literal["test", "val", "train"], typer.Option(help="Which images of --data.")] = "test",
    rounds: Annotated[int, typer.Option(help="Turns that each model gets.", min=1)] = 20,
    threads: Annotated[int, typer.Option(help="Cores that a model may use.", min=1, max=256)] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure models; see `edge-cifar benchmark --help`."""
    machine = this_machine()
    results = measure(models or default_models(), data, split, rounds, threads, _say)
    if as_json:
        settings = {
            "data": data,
            "split": split,
            "rounds": rounds,
            "threads": threads,
            "batch": BATCH,
            "photo": list(PHOTO_SIZE),
        }
        report = {"schema": SCHEMA, "machine": asdict(machine), "settings": settings}
        typer.echo(json.dumps({**report, "models": [asdict(result) for result in results]}))
    else:
        typer.echo(_text(machine, results, threads))


def default_models(runs: Path = Path("runs")) -> list[Path]:
    """Return the shipped fp32 and int8 files, then those of the newest export under `runs`."""
    newest = default_model(runs)
    exported = [newest.with_name(name) for name in ("model.fp32.onnx", "model.int8.onnx")]
    return [SHIPPED / "batchnorm.fp32.onnx", SHIPPED_DEFAULT, *(path for path in exported if path.exists())]


def _say(words: str) -> None:
    typer.echo(f"measuring {words} ...", err=True)


def _text(machine: Machine, results: Sequence[Measured], threads: int) -> str:
    """Return what is printed: the machine, then a table for each thing measured, at most 100 columns wide."""
    width, height = PHOTO_SIZE
    percentiles = ("p50, ms", "p90, ms", "p99, ms", "ratio of p50 (quartiles)")
    blocks = [
        [f"{topic:9} {words}" for topic, words in machine.describe().items()],
        _table(
            ("file", "bytes", "parameters", f"images/s, batch {BATCH}", "start, ms", "peak, MB"),
            [(_short(result.model), *_costs(result)) for result in results],
        ),
        _table(
            (f"net alone, batch 1, threads {threads}", *percentiles),
            [(_short(result.model), *_timing(result.net_ms, result.net_ratio)) for result in results],
        ),
        _table(
            (f"JPEG of {width} x {height} to label", *percentiles),
            [(_short(result.model), *_timing(result.photo_ms, result.photo_ratio)) for result in results],
        ),
    ]
    scores = [(_short(result.model), *_score(result.accuracy)) for result in results if result.accuracy]
    if scores:
        blocks.append(_table(("accuracy", "images", "top-1", "drop, points", "same answers"), scores))
    return "\n\n".join("\n".join(block) for block in blocks)


def _costs(result: Measured) -> Cells:
    return (
        f"{result.bytes:,}",
        f"{result.parameters:,}",
        f"{result.images_per_second:,.0f}",
        f"{1000 * result.start.seconds:.0f}",
        f"{result.start.peak_bytes / 1e6:.0f}",
    )


def _timing(latency: Latency, ratio: Ratio) -> Cells:
    percentiles = [f"{milliseconds:.3f}" for milliseconds in (latency.p50, latency.p90, latency.p99)]
    return *percentiles, f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"


def _score(accuracy: Accuracy) -> Cells:
    return (
        f"{accuracy.n:,}",
        f"{accuracy.top1:.2%}",
        f"{accuracy.drop_points:.2f}",
        f"{accuracy.same_answers:.2%}",
    )


def _table(header: Cells, rows: Sequence[Cells]) -> list[str]:
    """Return lines of aligned columns, the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for first, *others in (header, *rows):
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([f"{first:{widths[0]}}", *cells]))
    return lines


def _short(path: str) -> str:
    """Return a path as one line, of a long one the end."""
    path = printable(path)
    return path if len(path) <= NAME_WIDTH else f"...{path[3 - NAME_WIDTH :]}"
