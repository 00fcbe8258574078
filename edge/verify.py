"""`edge-cifar verify`: ask a model file whether this machine computes the right answers."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .errors import ModelError
from .golden import FLOAT_TOLERANCE, verify_model


def verify(
    model: Annotated[Path, typer.Argument(help="Model file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Verify a model; see `edge-cifar verify --help`."""
    result = verify_model(model)
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        verdict = "right" if result.passed else "WRONG"
        wanted = "to the bit" if result.exact else f"within {FLOAT_TOLERANCE}"
        typer.echo(
            f"{verdict}: {result.identical} of {result.n} golden images give the same logits; largest difference "
            f"{result.largest_logit_difference:.2g} ({wanted} expected)"
        )
    if not result.passed:
        raise ModelError(
            f"{model}: this CPU and onnxruntime compute other logits than the file was made with; "
            "do not trust its answers here"
        )
