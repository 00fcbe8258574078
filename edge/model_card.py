"""The model card: what a model file says of itself, as JSON in one entry of the file's metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import ModelError
from .photo import RESIZE

CARD_KEY = "edge_cifar.card"
FORMAT = 1
MAX_SIZE = 1024  # pixels; a card that asks for more is damaged or hostile
MAX_LABELS = 10_000


@dataclass(frozen=True)
class ModelCard:
    """What a device must know to use a model, and a person to trust it.

    `temperature` divides the logits before the softmax; below `abstain_threshold` (0 to 1) of confidence a model
    should not be believed. `accuracy` maps a split to its "n" and "top1" (0 to 1); `validation` says how to cut the
    validation split again; `calibration` is None for fp32.
    """

    net: str
    labels: tuple[str, ...]
    size: int  # pixels, width and height
    precision: str  # "fp32" or "int8"
    parameters: int
    accuracy: Mapping[str, Mapping[str, float]]
    trained_on: Mapping[str, Any]
    validation: Mapping[str, float]
    versions: Mapping[str, str]
    weights_sha256: str
    calibration: Mapping[str, Any] | None = None
    resize: str = RESIZE
    temperature: float = 1.0
    abstain_threshold: float = 0.0
    format: int = field(default=FORMAT)

    def to_json(self) -> str:
        """Return the card as one line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def read_card(metadata: Mapping[str, str], path: Path) -> ModelCard:
    """Return the card in a model file's metadata.

    Raises ModelError when there is none, or when it is damaged or of another format.
    """
    if CARD_KEY not in metadata:
        raise ModelError(f"{path}: no edge-cifar model card in it; export it with `edge-cifar export`")
    try:
        values = json.loads(metadata[CARD_KEY])
        if values["format"] != FORMAT:
            raise ModelError(f"{path}: model card format {values['format']}, expected {FORMAT}; update edge-cifar")
        unknown = values.keys() - {entry.name for entry in fields(ModelCard)}
        if unknown:
            raise ValueError(f"unknown keys {', '.join(sorted(unknown))}")
        card = ModelCard(**{**values, "labels": tuple(values["labels"])})
        _check(card)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path}: damaged model card ({error}); export the model again") from error
    return card


def _check(card: ModelCard) -> None:
    """Raise ValueError unless the values that the runtime computes with make sense."""
    if not (isinstance(card.size, int) and 0 < card.size <= MAX_SIZE):
        raise ValueError(f"size {card.size!r}")
    if not 2 <= len(card.labels) <= MAX_LABELS or not all(isinstance(label, str) for label in card.labels):
        raise ValueError("labels")
    if len(set(card.labels)) != len(card.labels):
        raise ValueError("labels repeat")
    if card.resize != RESIZE:
        raise ValueError(f"resize rule {card.resize!r}")
    if not card.temperature > 0 or not 0 <= card.abstain_threshold <= 1:
        raise ValueError("temperature or abstain_threshold")
