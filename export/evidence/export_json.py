"""What `export.json` says of the files: bounded, however many classes and images there are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from .measured_accuracy import Evidence, SplitEvidence

MOST_CELLS = 5000  # of a confusion matrix
MOST_FLIPS = 1000  # images of a split
MOST_DOUBTS = 100


def evidence_summary(file: Evidence) -> dict[str, Any]:
    """Return a file's evidence for JSON.

    `confusion` has columns instead of a matrix: `images` of the class `truth` that were answered `answer`, both places
    in `labels`; those of the smallest counts beyond `MOST_CELLS` are only counted, as `left_out`. `flipped` lists the
    first `MOST_FLIPS` images; `flips` counts all of them. `doubts` are the gravest `MOST_DOUBTS` reasons why the file
    is not proven to give the same bits on every CPU; `doubts_left_out` counts the others.
    """
    summary = asdict(replace(file, confusion=(), val=_listed(file.val), test=_listed(file.test)))
    for name, split in (("val", file.val), ("test", file.test)):
        summary[name]["flips"] = len(split.flipped)
    summary |= {"doubts": file.doubts[:MOST_DOUBTS], "doubts_left_out": max(0, len(file.doubts) - MOST_DOUBTS)}
    return {**summary, "confusion": confusion_columns(file.confusion)}


def confusion_columns(counts: Sequence[Sequence[int]]) -> Mapping[str, Any]:
    """Return the cells of a confusion matrix (truth by answer) that are not 0, the `MOST_CELLS` largest, as columns."""
    matrix = np.asarray(counts)
    truth, answer = np.nonzero(matrix)
    largest = np.sort(np.argsort(-matrix[truth, answer], kind="stable")[:MOST_CELLS])
    truth, answer = truth[largest], answer[largest]
    images = matrix[truth, answer]
    return {
        "truth": truth.tolist(),
        "answer": answer.tolist(),
        "images": images.tolist(),
        "left_out": int(matrix.sum() - images.sum()),
    }


def _listed(split: SplitEvidence) -> SplitEvidence:
    return replace(split, flipped=split.flipped[:MOST_FLIPS])
