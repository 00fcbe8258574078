"""`edge-cifar export`: parse, export, say what came out."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..edge.errors import ModelError
from ..edge.files import write_json
from ..train.run import newest_run, open_run
from .evidence import Evidence
from .exporter import Budget, Exporter
from .ladder import Rung

SUMMARY = "export.json"
DEFAULTS = Budget()


def export(
    run: Annotated[Path | None, typer.Argument(help="Run folder.  [default: the newest under runs/]")] = None,
    quantize: Annotated[bool, typer.Option("--quantize", help="Also write the int8 file.")] = False,
    max_drop: Annotated[
        float, typer.Option(help="Points of validation accuracy that int8 may lose.")
    ] = DEFAULTS.max_drop,
    calibration_size: Annotated[
        int, typer.Option(help="Training images to calibrate on.", min=1)
    ] = DEFAULTS.sample_size,
    calibration_seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = DEFAULTS.sample_seed,
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="Try every way to quantize, not just until one is in budget.")
    ] = False,
    data: Annotated[str | None, typer.Option(help="The run's data, if its folder has moved.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Export a run; see `edge-cifar export --help`."""
    folder = run or newest_run()
    exporter = Exporter(open_run(folder), data)
    fp32, references = exporter.write_fp32()
    summary: dict[str, Any] = {"run": str(folder), "versions": dict(exporter.card.versions), "files": [asdict(fp32)]}
    files, rungs = [fp32], []
    if quantize:
        budget = Budget(max_drop, calibration_size, calibration_seed, keep_all)
        int8, ladder, sample = exporter.write_int8(budget, references)
        rungs = ladder.rungs
        files += [int8] if int8 else []
        summary |= {
            "budget": asdict(budget),
            "files": [asdict(file) for file in files],
            "rungs": [asdict(rung) for rung in rungs],
            "calibration_ids": sample.ids,
        }
    else:
        exporter.remove_int8()
    write_json(folder / SUMMARY, summary)
    typer.echo(json.dumps(summary) if as_json else "\n".join(_lines(files, rungs, folder)))
    if quantize and len(files) == 1:
        raise ModelError(f"no int8 file within {max_drop} points (--max-drop); what was tried is in {folder / SUMMARY}")


def _lines(files: Sequence[Evidence], rungs: Sequence[Rung], folder: Path) -> Iterator[str]:
    """Yield the tables that a person reads."""
    if rungs:
        yield f"{'quantization':50} drop (points)  same answers  latency (us)      bytes"
        for rung in rungs:
            yield (
                f"{rung.method:50} {rung.drop:13.2f}  {rung.same_answers:12.2%}  {rung.latency:12.0f}  {rung.bytes:9,}"
            )
        yield ""
    yield "file                 bytes  val top-1  test top-1 (95 % interval)   same answers  worst class"
    for file in files:
        low, high = file.test.interval
        yield (
            f"{file.file:16} {file.bytes:>9,}  {file.val.top1:9.2%}  {file.test.top1:10.2%} ({low:.2%} - {high:.2%})"
            f"  {file.test.same_answers:12.2%}  {file.test.worst_class} {file.test.worst_class_recall:.1%}"
        )
    yield f"largest logit difference of the fp32 file from the trained net: {files[0].largest_logit_difference:.2g}"
    if len(files) == 2:
        test, paired = files[1].test, files[1].test.against_fp32
        yield (
            f"int8 against fp32 on {test.n:,} test images: drop {100 * (files[0].test.top1 - test.top1):.2f} points "
            f"({paired.broken} broken, {paired.fixed} fixed, p = {paired.p:.2g}, McNemar)"
        )
    yield f"written to {folder}"
