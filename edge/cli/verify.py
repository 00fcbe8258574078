"""`edge-cifar verify`: ask a model file whether this machine computes the right answers."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ModelError, printable
from ..model.golden_logits import verify_model
from ..model.shipped_models import MODEL_HELP, model_file


def verify(
    model: Annotated[Path, typer.Argument(help=MODEL_HELP, parser=model_file, metavar="MODEL")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Verify a model; see `edge-cifar verify --help`."""
    result = verify_model(model)
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        typer.echo(result.describe())
        if result.portability:
            typer.echo(printable(f"on other CPUs: {result.portability}"))
    if not result.passed:
        raise ModelError(
            f"{model}: this CPU and onnxruntime compute other logits than the file was made with; "
            "do not trust its answers here"
        )
