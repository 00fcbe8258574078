"""The files of an earlier export: those of the same net stay, and are named; those of another would be a trap."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...edge.errors import ModelError
from ...edge.files.own_mark import is_own
from ...edge.model.card import ModelCard, read_card
from ...edge.model.onnx_file import read_onnx
from ...edge.model.shipped_models import EXPORT_SUMMARY


@dataclass(frozen=True)
class Earlier:
    """Model files that an export does not make anew, by name: of the same net, and of others."""

    kept: tuple[str, ...]
    stale: tuple[str, ...]


def earlier_files(folder: Path, names: Collection[str], card: ModelCard) -> Earlier:
    """Sort those of `names` that stand in `folder`: of the net of `card`, or of another; foreign ones are left out."""
    made = {name: _net(folder / name) for name in names if is_own(folder / name)}
    return Earlier(
        kept=tuple(name for name, net in made.items() if net == _said(card)),
        stale=tuple(name for name, net in made.items() if net != _said(card)),
    )


def earlier_default(folder: Path) -> str:
    """Return the default file of the export in `folder`, nothing where there is none."""
    try:
        return str(json.loads((folder / EXPORT_SUMMARY).read_bytes())["default"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _net(path: Path) -> tuple[object, ...] | None:
    try:
        return _said(read_card(read_onnx(path)[1].metadata, path))
    except ModelError:  # damaged
        return None


def _said(card: ModelCard) -> tuple[object, ...]:
    """Return what makes a net: its weights, and what was said of somebody else's, which its file does not hold."""
    return card.weights_sha256, card.labels, card.size, card.resize, card.trained_on.get("pixels")
