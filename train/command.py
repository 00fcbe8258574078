"""`edge-cifar train`: parse, train, report."""

import json
import platform
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer

from ..edge.errors import RunError
from .data import Dataset, load_dataset
from .loop import Training, choose_device, fit
from .nets import NETS
from .progress import TrainingProgress
from .recipe import Recipe
from .report import Result, write_curves, write_report
from .run import WEIGHTS, Run, check_new

DEFAULTS = Recipe()
RECORDED = ("edge-cifar", "torch", "numpy", "pillow")  # packages that can change a result


def train(
    data: Annotated[
        str, typer.Option(help="cifar10, synthetic, or a folder with train/<class>/* and test/<class>/*.")
    ] = "cifar10",
    net: Annotated[str, typer.Option(help=f"One of: {', '.join(NETS)}.")] = DEFAULTS.net,
    epochs: Annotated[int, typer.Option(min=1)] = DEFAULTS.epochs,
    batch_size: Annotated[int, typer.Option(min=2)] = DEFAULTS.batch_size,
    lr: Annotated[float, typer.Option(help="Peak learning rate.", min=0)] = DEFAULTS.lr,
    size: Annotated[int, typer.Option(help="Width and height of the input in pixels.", min=8, max=256)] = DEFAULTS.size,
    val_fraction: Annotated[
        float,
        typer.Option(help="Share of the training images to choose the best epoch on.", min=0.001, max=0.9),
    ] = DEFAULTS.val_fraction,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = DEFAULTS.seed,
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], typer.Option()] = "auto",
    out: Annotated[Path | None, typer.Option(help="Run folder.  [default: runs/<time>-<net>]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a net; see `edge-cifar train --help`."""
    if net not in NETS:
        raise RunError(f"--net {net}: unknown; choose from {', '.join(NETS)}")
    recipe = Recipe(
        net=net,
        size=size,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        val_fraction=val_fraction,
        seed=seed,
    )
    chosen_device = choose_device(device)
    folder = out or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{net}"
    check_new(folder)
    dataset = load_dataset(data, recipe.size, recipe.val_fraction, recipe.seed)
    run = Run(folder, recipe, dataset.describe(), _versions(chosen_device))
    run.create()
    _describe(run, dataset, chosen_device)
    try:
        with TrainingProgress(epochs) as progress:
            fit(run, dataset.train, dataset.val, chosen_device, progress.on_step, progress.on_epoch)
    except KeyboardInterrupt:
        _say_what_is_kept(run)
        raise
    result = _finish(run, dataset, chosen_device)
    if as_json:
        typer.echo(json.dumps({"run": str(folder), **asdict(result)}))
    else:
        typer.echo(
            f"test accuracy {result.test_accuracy:.2%} ({result.test_images} images)\nreport {folder / 'report.md'}"
        )


def _finish(run: Run, dataset: Dataset, device: torch.device) -> Result:
    """Read the test set, once, with the best weights, and write the report."""
    training = Training(run.recipe, dataset.test, device)
    training.net.load_state_dict(run.load_net().state_dict())
    _, predicted = training.evaluate(dataset.test)
    return write_report(run, dataset.test, predicted)


def _versions(device: torch.device) -> dict[str, str]:
    versions = {name: version(name) for name in RECORDED}
    return {
        "python": platform.python_version(),
        **versions,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": str(torch.get_num_threads()),
    }


def _describe(run: Run, dataset: Dataset, device: torch.device) -> None:
    for split in (dataset.train, dataset.val, dataset.test):
        for message in dict.fromkeys(split.unreadable):
            typer.echo(f"left out: {message}", err=True)
    typer.echo(
        f"{run.recipe.net} on {dataset.name}: {len(dataset.train)} training, {len(dataset.val)} validation and "
        f"{len(dataset.test)} test images of {len(run.labels)} classes, on {device.type}, into {run.folder}",
        err=True,
    )


def _say_what_is_kept(run: Run) -> None:
    if (run.folder / WEIGHTS).exists():
        write_curves(run)
        epoch, val_accuracy = run.best_epoch()
        typer.echo(
            f"stopped; the best weights so far (epoch {epoch}, {val_accuracy:.2%} on validation) "
            f"are in {run.folder / WEIGHTS}",
            err=True,
        )
    else:
        typer.echo(f"stopped in the first epoch: no weights were saved in {run.folder}", err=True)
