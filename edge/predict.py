"""`edge-cifar predict`: parse, classify, print."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .classifier import Classifier, Prediction
from .errors import PhotoError, printable
from .photo import photo_files


def predict(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, or folders of photos.")],
    model: Annotated[
        Path | None, typer.Option(help="Model file.  [default: newest export under runs/, else the shipped one]")
    ] = None,
    top: Annotated[int, typer.Option(help="How many labels to show.", min=1)] = 3,
    threads: Annotated[int | None, typer.Option(help="[default: the cores allowed]", min=1, max=256)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a photo.")] = False,
) -> None:
    """Classify photos; see `edge-cifar predict --help`."""
    classifier = Classifier(model, threads)
    if model is None:
        typer.echo(f"model: {classifier.model.path}", err=True)
    paths = [path for argument in photos for path in _expand(argument)]
    failed = False
    for path, result in zip(paths, classifier.predict_many(paths, top), strict=True):
        failed |= isinstance(result, PhotoError)
        _print(path, result, as_json)
    if failed:
        raise typer.Exit(1)


def _expand(argument: str) -> list[str]:
    """Return the photos of a folder, or the argument itself when it is none or holds none."""
    try:
        return [str(path) for path in photo_files(Path(argument))] or [argument]
    except OSError:
        return [argument]


def _print(path: str, result: Prediction | PhotoError, as_json: bool) -> None:
    if as_json:
        row = {"error": str(result)} if isinstance(result, PhotoError) else asdict(result)
        typer.echo(json.dumps({"path": path, **row}))
    elif isinstance(result, PhotoError):
        typer.echo(f"edge-cifar predict: {result}", err=True)
    else:
        others = ", ".join(f"{ranked.label} {ranked.probability:.1%}" for ranked in result.top[1:])
        aside = f"  ({others})" if others else ""
        typer.echo(f"{printable(path)}: {result.label} {result.confidence:.1%}{aside}")
