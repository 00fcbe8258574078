"""The files of an earlier export: those of the same weights stay, and are named; those of others would be a trap."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...edge.errors import ModelError
from ...edge.files.own_mark import is_own
from ...edge.model.card import read_card
from ...edge.model.onnx_file import read_onnx
from ...edge.model.shipped_models import EXPORT_SUMMARY


@dataclass(frozen=True)
class Earlier:
    """Model files that an export does not make anew, by name: of the same weights, and of others."""

    kept: tuple[str, ...]
    stale: tuple[str, ...]


def earlier_files(folder: Path, names: Collection[str], weights_sha256: str) -> Earlier:
    """Sort those of `names` that stand in `folder` by the weights they were made of; foreign files are left out."""
    made = {name: _weights(folder / name) for name in names if is_own(folder / name)}
    return Earlier(
        kept=tuple(name for name, weights in made.items() if weights == weights_sha256),
        stale=tuple(name for name, weights in made.items() if weights != weights_sha256),
    )


def earlier_default(folder: Path) -> str:
    """Return the default file of the export in `folder`, nothing where there is none."""
    try:
        return str(json.loads((folder / EXPORT_SUMMARY).read_bytes())["default"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _weights(path: Path) -> str:
    try:
        return read_card(read_onnx(path)[1].metadata, path).weights_sha256
    except ModelError:  # damaged
        return ""
