"""The photos behind a matrix of confusions: of the classes that are mixed up most, what was taken for what."""

from collections.abc import Callable, Sequence

import numpy as np

from ..photos.contract import Photo
from ..stats.classification import Floats, Indices, confused_pairs, confusion_matrix
from .charts.thumbnails import thumbnail, thumbnails
from .document import charts, figure, section

PAIRS, PHOTOS = 8, 3  # shown, and photos of each: those whose wrong answers are surest


def confused_section(
    labels: Sequence[str], ids: Sequence[str], targets: Indices, probabilities: Floats, photo_of: Callable[[str], Photo]
) -> str:
    """Return the section, nothing if no answer is wrong; probabilities (N, classes) are of the images `ids`."""
    answers, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    parts = []
    for truth, answer, n in confused_pairs(confusion_matrix(targets, answers, len(labels)), PAIRS):
        found = np.flatnonzero((targets == truth) & (answers == answer))
        surest = found[np.argsort(-sure[found], kind="stable")][:PHOTOS].tolist()
        shown = [thumbnail(photo_of(ids[i]), ids[i], f"{sure[i]:.0%} sure of {labels[answer]}") for i in surest]
        images = f"{n:,} image{'s' if n > 1 else ''} of {int((targets == truth).sum()):,}"
        parts.append(figure(f"{labels[truth]}, taken for {labels[answer]}: {images}", "", thumbnails(shown)))
    return section("Photos that are confused", charts(*parts))
