"""`edge-cifar benchmark`: parse, measure, print."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ...edge.cli.options import SPLIT_HELP, AsJson, Threads
from ...edge.data.datasets import DATA_HELP
from ...edge.data.synthetic_shapes import PHOTO_SIZE
from ...edge.files.atomic_write import check_replaceable, write_text
from ...edge.machine.description import this_machine
from ...edge.model.shipped_models import MODELS_HELP, SHIPPED_DEFAULT, SHIPPED_FP32, default_model, model_file
from ..measure.model_measurements import Plan, measure
from ..report.html_report import benchmark_page
from ..report.result_file import SCHEMA
from ..report.terminal import show
from ..report.text_tables import describe


def benchmark(
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="MODEL...",
            parser=model_file,
            help=f"{MODELS_HELP}  All are compared with the first.  [default: batchnorm, fp32 and int8, and the newest "
            "export under runs/]",
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help=f"{DATA_HELP}  [default: none; accuracy is not measured]", metavar="DATA")
    ] = None,
    split: Annotated[Literal["test", "val", "train"], typer.Option(help=SPLIT_HELP)] = "test",
    rounds: Annotated[int, typer.Option(help="Turns that each model gets, at most.", min=1, metavar="N")] = 40,
    threads: Threads = 1,
    minutes: Annotated[
        int,
        typer.Option(
            help="Go on for so many minutes, to show how heat slows the net down; Ctrl-C ends it.", min=0, metavar="N"
        ),
    ] = 0,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Time the net in this ONNX file beside theirs: the one that they were exported from, say.",
            dir_okay=False,
            metavar="FILE",
        ),
    ] = None,
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Write the report to this HTML file, charts and all.", dir_okay=False, metavar="FILE"),
    ] = None,
) -> None:
    """Measure models; see `edge-cifar benchmark --help`."""
    if html is not None:
        check_replaceable(html)
    report = run_benchmark(models or default_models(), Plan(data, split, rounds, threads, minutes), against)
    if as_json:
        typer.echo(json.dumps(report))
    else:
        show(describe(report))
    if html is not None:
        write_text(html, benchmark_page(report))
    if not report["validity"]["valid"]:
        typer.echo(f"this run is INVALID: {'; '.join(report['validity']['reasons'])}", err=True)


def run_benchmark(models: Sequence[Path], plan: Plan, against: Path | None = None) -> dict[str, Any]:
    """Measure the models, tell on stderr how it goes, and return what `--json` prints."""
    machine = this_machine()
    measurements = measure(models, plan, lambda words: typer.echo(words, err=True), against)
    settings = {**asdict(plan), "photo": list(PHOTO_SIZE)}
    return {"schema": SCHEMA, "machine": asdict(machine), "settings": settings, **asdict(measurements)}


def default_models(runs: Path = Path("runs")) -> list[Path]:
    """Return the shipped fp32 and int8 files, then those of the newest export under `runs`."""
    newest = default_model(runs)
    exported = [newest.with_name(name) for name in ("model.fp32.onnx", "model.int8.onnx")]
    return [SHIPPED_FP32, SHIPPED_DEFAULT, *(path for path in exported if path.exists())]
