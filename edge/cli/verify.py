"""`edge-cifar verify`: ask a model file whether this machine computes the right answers."""

import json
from dataclasses import asdict

import typer

from ..errors import ModelError, printable
from ..model.golden_logits import verify_model
from .options import AsJson, ModelFile


def verify(
    model: ModelFile,
    as_json: AsJson = False,
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
