"""The names of a net's classes, from the files that people keep them in."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...edge.errors import ModelError
from ...edge.model.strict_json import MAX_CHARACTERS, strict_json

IMAGENET = Path("imagenet")
"""In place of a file: ImageNet's 1,000 names, as torchvision has them, behind "background" where there are 1,001."""

Labels = tuple[str, ...]


def read_labels(path: Path, classes: int) -> Labels:
    """Return the names in a file for a net of so many classes: one a line, a JSON list or object, or a `config.json`.

    Raises ModelError, naming the file, for one that can't be read.
    """
    if path == IMAGENET and not path.is_file():
        return imagenet_labels(classes)
    try:
        if path.stat().st_size > MAX_CHARACTERS:
            raise ModelError(f"{path}: too large for a file of labels")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: not text in UTF-8; save it as such, with one label a line") from error
    if not text.lstrip().startswith(("{", "[")):
        return tuple(line.strip() for line in text.rstrip().splitlines())
    try:
        labels = labels_of(strict_json(text))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no JSON ({str(error)[:200]}); correct it, or write one label a line") from error
    if labels is None:
        raise ModelError(
            f'{path}: no labels in it; expected a JSON list, or an object such as {{"0": "cat", "1": "dog"}}'
        )
    return labels


def imagenet_labels(classes: int) -> Labels:
    """Return ImageNet's names for a net of 1,000 classes, or of 1,001, the first of which is none of them."""
    from torchvision.models import ResNet18_Weights  # seconds to import

    names = tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    return ("background", *names) if classes == len(names) + 1 else names


def labels_of(value: Any) -> Labels | None:
    """Return the names in a JSON value, or a Python dict by numbers; None where it has none.

    Objects go from number to name or, as Keras's `class_indices` and `label2id`, from name to number. A name may be a
    list of which the last counts, as in Keras's `imagenet_class_index.json`.
    """
    for key in ("id2label", "label2id"):
        if isinstance(value, dict) and isinstance(value.get(key), dict):
            value = value[key]
    if isinstance(value, dict):
        if all(type(number) is int for number in value.values()) and len(set(value.values())) == len(value):
            value = {number: name for name, number in value.items()}
        by_number = {str(key): name for key, name in value.items()}
        if by_number.keys() != {str(number) for number in range(len(value))}:
            return None
        value = [by_number[str(number)] for number in range(len(value))]
    if not isinstance(value, list) or not value:
        return None
    names = [name[-1] if isinstance(name, list) and name else name for name in value]
    return tuple(name.strip() for name in names) if all(isinstance(name, str) for name in names) else None


def checked_labels(labels: Sequence[str], classes: int, source: str, path: Path) -> Labels:
    """Return `labels`, those that come twice with their numbers: "crane (134)", "crane (517)".

    Raises ModelError when there are more or fewer than classes, or when one can't be printed.
    """
    if len(labels) != classes:
        raise ModelError(
            f"{path}: it has {classes:,} outputs, but {source} has {len(labels):,} labels; "
            "name the right ones by --labels"
        )
    for number, label in enumerate(labels):
        if not label or not label.isprintable():
            raise ModelError(
                f"{path}: label {number} of {source} can't be printed ({json.dumps(label[:50])}); correct it"
            )
    often = Counter(labels)
    unique = [f"{label} ({number})" if often[label] > 1 else label for number, label in enumerate(labels)]
    if len(set(unique)) != classes:
        twice = Counter(unique).most_common(1)[0][0]
        raise ModelError(f"{path}: {source} has the label {twice!r} twice; correct it")
    return tuple(unique)
