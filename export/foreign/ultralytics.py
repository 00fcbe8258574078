"""What Ultralytics writes into the ONNX files that it exports."""

import ast
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...edge.errors import ModelError
from .facts import Facts
from .labels import labels_of

SOURCE = "the file's Ultralytics metadata"
MAX_CHARACTERS = 2**20


def ultralytics_facts(metadata: Mapping[str, str], path: Path) -> Facts | None:
    """Return what the metadata of an ONNX file says if Ultralytics wrote it, else None.

    Its classifiers read pixels / 255 of the middle square, resized bilinearly (ultralytics/data/augment.py,
    `classify_transforms`). Raises ModelError for a net of another task, or damaged metadata.
    """
    if not {"task", "names"} <= metadata.keys():
        return None
    if metadata["task"] != "classify":
        raise ModelError(f"{path}: an Ultralytics net for the task {metadata['task'][:50]!r}; expected 'classify'")
    names, size = _literal(metadata["names"], path), _literal(metadata.get("imgsz", "None"), path)
    if isinstance(size, list | tuple) and len(set(size)) == 1:
        size = size[0]
    return Facts(
        SOURCE,
        labels=labels_of(list(names) if isinstance(names, tuple) else names),
        size=size if type(size) is int else None,
        scale=1 / 255,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        channels="rgb",
        fit="crop",
        filter="bilinear",
        crop_share=1.0,
    )


def _literal(text: str, path: Path) -> Any:
    """Return the value that Python's literals in `text` stand for."""
    try:
        if len(text) > MAX_CHARACTERS:
            raise ValueError(f"{len(text):,} characters")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in names
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ModelError(f"{path}: damaged Ultralytics metadata ({str(error)[:100]}); export it again") from error
