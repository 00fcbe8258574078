"""`edge-cifar info`: what a model file says of itself, without running it."""

import json
from collections import Counter
from dataclasses import asdict

import typer

from ..errors import printable
from ..model.card import read_card
from ..model.onnx_file import SEAL_KEY, check_seal, read_onnx
from .options import AsJson, ModelFile

SHOWN = 100  # entries of a list


def info(
    model: ModelFile,
    as_json: AsJson = False,
) -> None:
    """Show a model card; see `edge-cifar info --help`."""
    data, onnx_file = read_onnx(model)
    check_seal(data, onnx_file.metadata.get(SEAL_KEY, ""), model)
    card = read_card(onnx_file.metadata, model)
    file = {
        "bytes": len(data),
        "opset": onnx_file.opset,
        "ir_version": onnx_file.ir_version,
        "nodes": dict(sorted(Counter(onnx_file.node_kinds).items())),
    }
    rows = {"file": str(model), **file, **asdict(card)}
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for name, value in rows.items():
        typer.echo(printable(f"{name:18} {_brief(value)}"))


def _brief(value: object) -> str:
    """Return a value on one line: lists, of long ones the beginning, without JSON's punctuation, nothing as a dash."""
    if isinstance(value, dict):
        value = [f"{name} {_brief(entry)}" for name, entry in value.items()]
    if isinstance(value, list | tuple):
        more = len(value) - SHOWN
        value = ", ".join(map(str, value[:SHOWN])) + (f" and {more:,} more (all: --json)" if more > 0 else "")
    return "-" if value in (None, "") else str(value)
