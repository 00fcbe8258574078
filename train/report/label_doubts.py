"""Which labels of a run's photos may be wrong, as its net sees them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ...edge.data.labelled_images import LabelledImages
from ...edge.stats.classification import Floats
from ...edge.stats.confidence import fit_temperature
from ...edge.stats.label_errors import HELD_OUT, LEARNED, OUT_OF_FOLD, Doubt, doubted
from ...edge.stats.softmax import softmax


def find_doubts(
    splits: Mapping[str, LabelledImages],
    logits: Mapping[str, Floats],
    path_of: Callable[[str, str], Path],
    out_of_fold: Floats | None = None,
) -> list[Doubt]:
    """Return the photos of "train", "val" and "test" that are contradicted, the worst first.

    `logits` (N, classes) are the net's on each split, calibrated here on validation photos; `out_of_fold` are those of
    layers that have not learned from the training photos they answer to, taken instead of the net's if there are any.
    `path_of` tells where the photo of a split and id lies.
    """
    temperature = fit_temperature(logits["val"], splits["val"].targets)
    judged = {split: (logits[split], temperature, HELD_OUT) for split in ("val", "test")}
    if out_of_fold is None:
        judged["train"] = logits["train"], temperature, LEARNED
    else:
        judged["train"] = out_of_fold, fit_temperature(out_of_fold, splits["train"].targets), OUT_OF_FOLD
    found = [
        each
        for split, (own, scale, by) in judged.items()
        for each in _of_split(split, splits[split], softmax(own, scale), path_of, by)
    ]
    return sorted(found, key=lambda doubt: doubt.own)


def _of_split(
    split: str, images: LabelledImages, probabilities: Floats, path_of: Callable[[str, str], Path], judged: str
) -> list[Doubt]:
    answers = probabilities.argmax(axis=1)
    return [
        Doubt(
            split=split,
            id=images.ids[i],
            path=str(path_of(split, images.ids[i])),
            label=images.labels[images.targets[i]],
            answer=images.labels[answers[i]],
            own=round(float(probabilities[i, images.targets[i]]), 6),
            answered=round(float(probabilities[i, answers[i]]), 6),
            judged=judged,
        )
        for i in doubted(images.targets, probabilities).tolist()
    ]
