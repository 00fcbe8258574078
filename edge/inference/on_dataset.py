"""A model on labelled images: read as it needs them, answered in batches."""

import numpy as np

from ..data.datasets import POSITION, load_split
from ..data.labelled_images import LabelledImages
from ..errors import DataError
from ..model.card import ModelCard
from ..model.contract import Logits, Model

BATCH = 256  # images


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
        raise DataError(f"{data}: the model does not know the class {unknown[0]!r} (it knows {', '.join(card.labels)})")
    return images.relabelled(card.labels)


def batch_logits(model: Model, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of all images, computed in batches."""
    starts = range(0, len(images), BATCH)
    return np.concatenate([model.logits(images.images[start : start + BATCH]) for start in starts])
