"""`edge-cifar export`: parse, export, say what came out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ..edge.cli.exit_status import ending_on_sigterm
from ..edge.cli.options import AsJson
from ..edge.data.datasets import DATA_HELP
from ..edge.errors import ModelError, RunError
from ..edge.model.shipped_models import EXPORT_SUMMARY
from ..train.runs.run_folder import newest_run, open_run
from .evidence.older_onnxruntime import check_release
from .pipeline.export_files import Order
from .pipeline.export_run import export_run
from .quantization.accuracy_ladder import Budget
from .quantization.variants import VARIANTS

DEFAULTS = Budget()
OF_QUANTIZING = ("max_drop", "keep_all", "qat_epochs", "not_portable")  # options that mean nothing without it
MOST_IMAGES, MOST_EPOCHS = 10**9, 10**6


def _points(value: float) -> float:
    """Refuse what is no number of points to lose."""
    if not 0 <= value <= 100:  # nor NaN
        raise typer.BadParameter(f"{value} is no number of points, 0 to 100")
    return value


def _variants(names: list[str] | None) -> list[str]:
    """Refuse what is no variant, and name each once."""
    for name in names or []:
        if name not in VARIANTS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(VARIANTS)}")
    return list(dict.fromkeys(names or []))


def export(
    context: typer.Context,
    run: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="Run folder.  [default: the newest under runs/]")
    ] = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Also write the int8 file.", rich_help_panel="Int8")
    ] = False,
    max_drop: Annotated[
        float, typer.Option(help="Points of validation accuracy that int8 may lose.", callback=_points, metavar="X")
    ] = DEFAULTS.max_drop,
    calibration_size: Annotated[
        int, typer.Option(help="Training images to calibrate on.", min=1, max=MOST_IMAGES, metavar="N")
    ] = DEFAULTS.sample_size,
    calibration_seed: Annotated[
        int, typer.Option(help="Seed that these images are drawn with.", min=0, max=2**32 - 1, metavar="N")
    ] = DEFAULTS.sample_seed,
    qat_epochs: Annotated[
        int,
        typer.Option(
            help="Epochs of quantization-aware fine-tuning, if nothing else is in budget.",
            min=0,
            max=MOST_EPOCHS,
            metavar="N",
        ),
    ] = DEFAULTS.fine_tune_epochs,
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="Try every way to quantize, not just until one is in budget.")
    ] = False,
    not_portable: Annotated[
        bool,
        typer.Option(
            "--not-portable", help="Let weights use all 8 bits: finer, but CPUs without VNNI may answer otherwise."
        ),
    ] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Also write a variant: {', '.join(VARIANTS)}. May be repeated.",
            callback=_variants,
            metavar="VARIANT",
            autocompletion=lambda: list(VARIANTS),
            rich_help_panel="Files",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the files to this folder.  [default: the run folder]")
    ] = None,
    target_ort: Annotated[
        str | None,
        typer.Option(
            help="Prove the files in this release of onnxruntime, such as 1.17 (downloads it, to run it once).",
            metavar="VERSION",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help=f"{DATA_HELP}  [default: the run's own; name it if its folder has moved]", metavar="DATA"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export a run; see `edge-cifar export --help`."""
    for name in OF_QUANTIZING:
        source = context.get_parameter_source(name)
        if not quantize and source and source.name == "COMMANDLINE":
            raise typer.BadParameter("means nothing without --quantize", param_hint=f"--{name.replace('_', '-')}")
    if target_ort:
        check_release(target_ort)
    if run and run.is_file():
        raise RunError(f"{run}: a file, but only run folders of `edge-cifar train` can be exported")
    if out and out.exists() and not out.is_dir():
        raise RunError(f"{out}: not a folder; choose another --out")
    opened = open_run(run or newest_run())
    folder = out or opened.folder
    budget = Budget(max_drop, calibration_size, calibration_seed, keep_all, qat_epochs, not not_portable)
    with ending_on_sigterm():
        done = export_run(opened, Order(budget, quantize, also or [], target_ort), folder, data)
    for remark in done.remarks:
        typer.echo(remark, err=True)
    typer.echo(json.dumps(done.summary) if as_json else "\n".join([*done.lines, f"written to {folder}"]))
    if done.int8_missing:
        raise ModelError(
            f"no int8 file within {max_drop} points (--max-drop); what was tried is in {folder / EXPORT_SUMMARY}"
        )
