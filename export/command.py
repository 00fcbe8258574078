"""`edge-cifar export`: parse, export, say what came out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..edge.cli.exit_status import ending_on_sigterm
from ..edge.cli.options import AsJson
from ..edge.data.datasets import DATA_HELP
from ..edge.errors import DataError, ModelError, RunError
from ..edge.model.named_models import named_models
from ..edge.model.shipped_models import EXPORT_SUMMARY
from ..edge.web.runtime import needed_runtime
from ..edge.web.site import write_site
from .evidence.older_onnxruntime import check_release
from .foreign.told import Told
from .foreign_options import (
    ChannelsOption,
    CropShare,
    Filter,
    Labels,
    LayoutOption,
    LikeOption,
    Mean,
    Resize,
    Scale,
    Size,
    Std,
    Unlabelled,
    numbers,
    told_of,
)
from .pipeline.export_files import Order, Outcome
from .pretrained.pretrained import PRETRAINED, pretrained
from .quantization.accuracy_ladder import Budget
from .quantization.variants import VARIANTS

DEFAULTS = Budget()
OF_QUANTIZING = ("max_drop", "keep_all", "qat_epochs", "not_portable")  # options that mean nothing without it
OF_OTHERS = ("labels", "like", "size", "scale", "mean", "std", "layout", "channels", "resize", "filter_", "crop_share")
OF_RUNS = ("qat_epochs",)
MOST_IMAGES, MOST_EPOCHS = 10**9, 10**6
INT8 = "Int8"


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
        Path | None,
        typer.Argument(
            metavar="NET",
            help=f"Run folder, somebody else's .onnx file, or {PRETRAINED[0]}.  [default: the newest run under runs/]",
        ),
    ] = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Also write the int8 file.", rich_help_panel=INT8)
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
    web: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write a page that runs the net in browsers to this folder."),
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
    unlabelled: Unlabelled = False,
    labels: Labels = None,
    like: LikeOption = None,
    size: Size = None,
    scale: Scale = None,
    mean: Mean = None,
    std: Std = None,
    layout: LayoutOption = None,
    channels: ChannelsOption = None,
    resize: Resize = None,
    filter_: Filter = None,
    crop_share: CropShare = None,
    as_json: AsJson = False,
) -> None:
    """Export a net; see `edge-cifar export --help`."""
    is_run = run is None or not (run.suffix.lower() == ".onnx" or str(run) in PRETRAINED)
    if is_run and run and run.is_file():
        raise RunError(f"{run}: a file, but only run folders of `edge-cifar train` and .onnx files can be exported")
    for names, useful, why in (
        (OF_QUANTIZING, quantize, "means nothing without --quantize"),
        (OF_OTHERS, not is_run, "is for somebody else's .onnx file; a run says it itself"),
        (OF_RUNS, is_run, "needs a run: an .onnx file can't be trained"),
    ):
        for name in names:
            if not useful and _is_given(context, name):
                raise typer.BadParameter(why, param_hint=f"--{name.strip('_').replace('_', '-')}")
    if target_ort:
        check_release(target_ort)
    if web:
        needed_runtime()  # before the work
    if out and out.exists() and not out.is_dir():
        raise RunError(f"{out}: not a folder; choose another --out")
    budget = Budget(max_drop, calibration_size, calibration_seed, keep_all, qat_epochs, not not_portable)
    order = Order(budget, quantize, also or [], target_ort)
    with ending_on_sigterm():
        if is_run:
            done, folder = _export_run(run, order, out, data)
        else:
            pixels = (like, scale, numbers(mean), numbers(std), layout, channels)
            told = told_of(labels, *pixels, resize, filter_, crop_share, size)
            is_asked = _is_given(context, "max_drop")
            done, folder = _export_foreign(Path(str(run)), told, order, out, data, unlabelled, is_asked)
    for remark in done.remarks:
        typer.echo(remark, err=True)
    typer.echo(json.dumps(done.summary) if as_json else "\n".join([*done.lines, f"written to {folder}"]))
    if web and not done.int8_missing:
        write_site(named_models([str(folder / done.summary["default"])]), web)
        typer.echo(f"a page for browsers is in {web}", err=True)
    if done.int8_missing:
        raise ModelError(
            f"no int8 file within {max_drop} points (--max-drop); what was tried is in {folder / EXPORT_SUMMARY}"
        )


def _is_given(context: typer.Context, name: str) -> bool:
    """Return whether an option stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _export_run(run: Path | None, order: Order, out: Path | None, data: str | None) -> tuple[Outcome, Path]:
    from ..train.runs.run_folder import newest_run, open_run  # torch, which an .onnx file does without
    from .pipeline.export_run import export_run

    opened = open_run(run or newest_run())
    folder = out or opened.folder
    return export_run(opened, order, folder, data), folder


def _export_foreign(
    path: Path, told: Told, order: Order, out: Path | None, data: str | None, unlabelled: bool, drop_is_asked: bool
) -> tuple[Outcome, Path]:
    from .foreign.read_foreign import read_foreign
    from .pipeline.export_files import export_files
    from .pipeline.foreign_source import Photos, foreign_source

    if data is None:
        raise DataError(f"{path}: --data names photos to prove it on; they also calibrate int8")
    net = pretrained(str(path)) if str(path) in PRETRAINED else read_foreign(path, told)
    for what, told_by in net.sources.items():
        typer.echo(f"{what}: {told_by}", err=True)
    source = foreign_source(net, Photos(data, order.budget.sample_size, order.budget.sample_seed, unlabelled))
    if not source.labelled and not drop_is_asked:
        order = replace(order, budget=replace(order.budget, best_effort=True))
    folder = out or (Path(net.name) if str(path) in PRETRAINED else path.with_suffix(""))
    return export_files(source, order, folder), folder
