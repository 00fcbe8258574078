"""A model on labelled images: read as it needs them, answered in batches."""

import numpy as np

from ..data.datasets import load_split
from ..data.labelled_images import LabelledImages
from ..data.pixel_rows import chunks
from ..errors import DataError
from ..model.card import ModelCard
from ..model.contract import Logits, Model
from ..splits.split_rules import POSITION

SHOWN = 100  # labels in a message


def load_for(card: ModelCard, data: str, split: str, contents: bool = False) -> LabelledImages:
    """Return a split of `data` as the model takes photos, validation cut as in its training, targets in its order.

    Images have their `contents` if asked or needed. Raises DataError when the data has classes that the model does not
    know.
    """
    cut = card.validation
    images = load_split(
        data,
        split,
        card.preprocessing,
        val_fraction=cut["fraction"],
        val_seed=int(cut["seed"]),
        rule=cut.get("rule", POSITION),
        contents=contents,
    )
    unknown = [label for label in images.labels if label not in card.labels]
    if unknown:
        more = len(card.labels) - SHOWN
        known = ", ".join(card.labels[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
        raise DataError(f"{data}: the model does not know the class {unknown[0]!r} (it knows {known})")
    return images.relabelled(card.labels)


def batch_logits(model: Model, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of all images, some of them in memory at a time."""
    return np.concatenate([model.logits(chunk) for chunk in chunks(images.images)])
