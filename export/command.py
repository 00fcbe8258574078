"""`edge-cifar export`: parse, export, say what came out."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..edge.errors import ModelError
from ..edge.files import write_json, write_text
from ..edge.shipped import EXPORT_SUMMARY
from ..train.run import newest_run, open_run
from .exporter import FP32, INT8, Exporter
from .ladder import Budget, Rung
from .page import REPORT, Exported, export_page
from .tables import evidence_lines, rung_lines, worth_line
from .target import check_release, prove_target
from .variants import VARIANTS
from .worth import compare_latency

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
    qat_epochs: Annotated[
        int, typer.Option(help="Epochs of quantization-aware fine-tuning, if nothing else is in budget.", min=0)
    ] = DEFAULTS.fine_tune_epochs,
    not_portable: Annotated[
        bool,
        typer.Option(
            "--not-portable", help="Let weights use all 8 bits: finer, but CPUs without VNNI may answer otherwise."
        ),
    ] = False,
    also: Annotated[
        list[str] | None, typer.Option(help=f"Also write a variant: {', '.join(VARIANTS)}. May be repeated.")
    ] = None,
    target_ort: Annotated[
        str | None,
        typer.Option(
            help="Prove the files in this release of onnxruntime, such as 1.17 (downloads it, to run it once)."
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="The run's data, if its folder has moved.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Export a run; see `edge-cifar export --help`."""
    unknown = [name for name in also or [] if name not in VARIANTS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(VARIANTS)}", param_hint="--also")
    if target_ort:
        check_release(target_ort)
    folder = run or newest_run()
    exporter = Exporter(open_run(folder), data)
    for remark in exporter.dataset.scan.remarks:
        typer.echo(remark, err=True)
    budget = Budget(max_drop, calibration_size, calibration_seed, keep_all, qat_epochs, not not_portable)
    fp32, references = exporter.write_fp32()
    files, lines, default, int8, worth = [fp32], [], FP32, None, None
    rungs: list[Rung] = []
    summary: dict[str, Any] = {"run": str(folder), "versions": dict(exporter.card.versions)}
    exporter.remove_int8()
    if quantize:
        int8, ladder = exporter.write_int8(budget, references)
        rungs = ladder.rungs
        lines += [*rung_lines(rungs), ""]
        summary |= {
            "budget": asdict(budget),
            "rungs": [asdict(rung) for rung in rungs],
            "calibration_ids": exporter.calibration_ids(budget, ladder),
        }
    if int8:
        files.append(int8)
        worth = compare_latency(folder / FP32, folder / INT8, exporter.dataset.val.images)
        default = INT8 if worth.int8_pays else FP32
        lines += [worth_line(worth), ""]
        summary["worth"] = asdict(worth)
    files += [exporter.write_variant(name, budget, references) for name in also or []]
    lines += evidence_lines(files)
    if target_ort:
        proofs = [prove_target(folder / file.file, target_ort) for file in files]
        summary["target"] = {"onnxruntime": target_ort, "verified": proofs}
        lines.append(f"onnxruntime {target_ort} loads every file and computes the right answers")
    summary |= {"files": [asdict(file) for file in files], "default": default}
    write_json(folder / EXPORT_SUMMARY, summary)
    write_text(folder / REPORT, export_page(Exported(exporter.run, exporter.dataset.test, files, budget, rungs, worth)))
    typer.echo(json.dumps(summary) if as_json else "\n".join([*lines, f"written to {folder}"]))
    if quantize and not int8:
        raise ModelError(
            f"no int8 file within {max_drop} points (--max-drop); what was tried is in {folder / EXPORT_SUMMARY}"
        )
