"""What `export.json` says of the files: bounded, however many classes and images there are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ...edge.stats.accuracy import Accuracy
from .measured_accuracy import Evidence

MOST_CELLS = 5000  # of a confusion matrix
MOST_FLIPS = 1000  # images of a split
MOST_DOUBTS = 100


def evidence_summary(file: Evidence) -> dict[str, Any]:
    """Return a file's evidence for JSON.

    `confusion` has columns instead of a matrix: `images` of the class `truth` that were answered `answer`, both places
    in `labels`; those of the smallest counts beyond `MOST_CELLS` are only counted, as `left_out`. `flipped` lists the
    first `MOST_FLIPS` images; `flips` counts all of them. `doubts` are the gravest `MOST_DOUBTS` reasons why the file
    is not proven to give the same bits on every CPU; `doubts_left_out` counts the others. Of images without labels it
    says how many answers are the fp32 file's, and no more: `answers` counts images by its answer, `fp32`, and this one.
    """
    if not file.labelled:
        return _without_labels(file)
    return {
        **vars(file),
        "coverage": asdict(file.coverage),
        "val": _split(file.val),
        "test": _split(file.test),
        "confusion": confusion_columns(file.confusion),
        "reliability": [*map(asdict, file.reliability)],
        "doubts": file.doubts[:MOST_DOUBTS],
        "doubts_left_out": max(0, len(file.doubts) - MOST_DOUBTS),
    }


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


def _without_labels(file: Evidence) -> dict[str, Any]:
    counts = confusion_columns(file.confusion)
    return {
        "file": file.file,
        "bytes": file.bytes,
        "portability": file.portability,
        "doubts": file.doubts[:MOST_DOUBTS],
        "doubts_left_out": max(0, len(file.doubts) - MOST_DOUBTS),
        "origin": file.origin,
        "largest_logit_difference": file.largest_logit_difference,
        "labelled": False,
        "labels": file.labels,
        "val": _agreement(file.val),
        "test": _agreement(file.test),
        "answers": {"fp32": counts["truth"], **{key: counts[key] for key in ("answer", "images", "left_out")}},
    }


def _agreement(split: Accuracy) -> dict[str, Any]:
    return {
        "n": split.n,
        "same_answers": split.same_answers,
        "interval": split.interval,
        "least_alike_class": split.worst_class,
        "least_alike_class_share": split.recalls[split.worst_class],
        "flipped": [{"id": flip.id, "fp32": flip.before, "answer": flip.after} for flip in split.flips[:MOST_FLIPS]],
        "flips": len(split.flips),
    }


def _split(split: Accuracy) -> dict[str, Any]:
    return {
        "n": split.n,
        "top1": split.top1,
        "interval": split.interval,
        "same_answers": split.same_answers,
        "worst_class": split.worst_class,
        "worst_class_recall": split.recalls[split.worst_class],
        "against_fp32": asdict(split.paired),
        "flipped": [
            {"id": flip.id, "truth": flip.truth, "fp32": flip.before, "answer": flip.after}
            for flip in split.flips[:MOST_FLIPS]
        ],
        "flips": len(split.flips),
    }
