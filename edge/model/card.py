"""The model card: what a model file says of itself, as JSON in one entry of the file's metadata.

A minor version may add keys, which older ones ignore: they change nothing of what an answer means. What does, or takes
a key away, raises `FORMAT`; older versions then refuse the file and say which version it needs.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..photos.preprocessing import Preprocessing
from .strict_json import strict_json

CARD_KEY = "edge_cifar.card"
FORMAT = 1
WRITER = "edge-cifar"  # whose version is among a card's `versions`
MAX_SIZE = 1024  # pixels; a card that asks for more is damaged or hostile
MAX_LABELS = 10_000
LONGEST_REASON = 200  # characters of what is wrong: it may hold what stands in the card
LONGEST_VERSION = 20  # characters
MAX_COUNT = 2**63  # of parameters, multiplications and images


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
    validation: Mapping[str, Any]  # "fraction", "seed" and, but in older files, the "rule" that photos are cut by
    versions: Mapping[str, str]
    weights_sha256: str
    calibration: Mapping[str, Any] | None = None
    macs: int | None = None  # multiplications and additions of one image; older files don't say
    int8_share: float | None = None  # of these, 0 to 1, that are int8, where some of a file is float
    agreement: Mapping[str, float] | None = None  # "n" photos without labels, "share" answered as by the float file
    portability: str = ""  # how alike CPUs answer, in words
    resize: str = "squash-bicubic"  # how photos are brought to `size`, as `Preprocessing.rule` has it
    temperature: float = 1.0
    abstain_threshold: float = 0.0
    format: int = FORMAT

    @property
    def preprocessing(self) -> Preprocessing:
        """How photos become the net's pixels. Raises ValueError for a rule that this version doesn't know."""
        return Preprocessing.parse(self.size, self.resize)

    def to_json(self) -> str:
        """Return the card as one line of JSON with sorted keys."""
        values = asdict(self)
        for name in ("agreement", "int8_share"):  # what our own nets' cards have never said
            if values[name] is None:
                del values[name]
        return json.dumps(values, sort_keys=True, ensure_ascii=False)


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "net": (str,),
    "labels": (list,),
    "size": (int,),
    "precision": (str,),
    "parameters": (int,),
    "accuracy": (dict,),
    "trained_on": (dict,),
    "validation": (dict,),
    "versions": (dict,),
    "weights_sha256": (str,),
    "calibration": (dict, type(None)),
    "macs": (int, type(None)),
    "int8_share": (int, float, type(None)),
    "agreement": (dict, type(None)),
    "portability": (str,),
    "resize": (str,),
    "temperature": (int, float),
    "abstain_threshold": (int, float),
    "format": (int,),
}


def read_card(metadata: Mapping[str, str], path: Path) -> ModelCard:
    """Return the card in a model file's metadata.

    Keys that this version doesn't know are left out. Raises ModelError when there is no card, or when it is damaged or
    of a later format: then it says which version of this program wrote it, and so reads it.
    """
    if CARD_KEY not in metadata:
        raise ModelError(f"{path}: no edge-cifar model card in it; export it with `edge-cifar export`")
    try:
        values = strict_json(metadata[CARD_KEY])
        if type(values["format"]) is int and values["format"] > FORMAT:
            raise ModelError(f"{path}: {_needs(values)}")
        known = {name: value for name, value in values.items() if name in _JSON_TYPES}
        _check_types(known)
        card = ModelCard(**{**known, "labels": tuple(known["labels"])})
        _check_values(card)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = str(error)[:LONGEST_REASON]
        raise ModelError(f"{path}: damaged model card ({reason}); export the model again") from error
    return card


def _check_types(values: Mapping[str, Any]) -> None:
    """Raise ValueError for a value of another JSON type than the card's."""
    for name, value in values.items():
        _require(type(value) in _JSON_TYPES[name], f"{name} can't be {type(value).__name__}")
    flat = [values[name] for name in ("trained_on", "validation", "versions")]
    flat += [values.get(name) or {} for name in ("calibration", "agreement")]
    for mapping in (*flat, *values["accuracy"].values()):
        _require(all(type(value) in (str, int, float) for value in mapping.values()), "nested values")


def _needs(values: Mapping[str, Any]) -> str:
    """Return what a card of a later format needs, as far as it says so itself."""
    versions = values.get("versions")
    writer = versions.get(WRITER) if isinstance(versions, dict) else None
    version = f"edge-cifar {writer[:LONGEST_VERSION]} or later" if isinstance(writer, str) else "a later edge-cifar"
    later = str(values["format"])[:LONGEST_VERSION]
    return f"a model card of format {later}, this version reads {FORMAT}; it needs {version}"


def _check_values(card: ModelCard) -> None:
    """Raise an exception unless the values that the runtime computes with make sense."""
    _require(card.format == FORMAT, f"format {card.format}")
    _require(0 < card.size <= MAX_SIZE, f"size {card.size}")
    _require(2 <= len(card.labels) <= MAX_LABELS, f"{len(card.labels)} labels")
    _require(all(label and label.isprintable() for label in card.labels), "labels that can't be printed")
    _require(len(set(card.labels)) == len(card.labels), "labels repeat")
    _require(card.preprocessing.rule == card.resize, "resize rule")
    _require(0 <= card.parameters < MAX_COUNT, "parameters")
    _require(card.macs is None or 0 <= card.macs < MAX_COUNT, "macs")
    _require(0.01 <= card.temperature <= 100, f"temperature {card.temperature}")
    _require(0 <= card.abstain_threshold <= 1, f"abstain_threshold {card.abstain_threshold}")
    _require(0 < card.validation["fraction"] < 1, "validation fraction")
    _require(type(card.validation["seed"]) is int and 0 <= card.validation["seed"] < 2**32, "validation seed")
    _require(card.int8_share is None or 0 <= card.int8_share <= 1, "int8_share")
    if card.agreement is not None:
        _require(0 <= card.agreement["share"] <= 1, "agreement")
        _require(type(card.agreement["n"]) is int and 0 < card.agreement["n"] < MAX_COUNT, "number of photos")
    for scores in card.accuracy.values():
        _require(0 <= scores["top1"] <= 1, "accuracy")
        _require(type(scores["n"]) is int and 0 < scores["n"] < MAX_COUNT, "number of images")


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)
