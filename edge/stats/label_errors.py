"""Labels that may be wrong, as a net sees it: photos to whose own class it gives next to nothing."""

from dataclasses import dataclass

import numpy as np

from .classification import Floats, Indices

UNLIKELY = 0.05  # probability of a photo's own class, below which it is doubted
LIKELY = 0.5  # probability of the class that is answered instead, above which the doubt is more than being unsure

HELD_OUT, OUT_OF_FOLD, LEARNED = "held out", "out of fold", "learned"
"""By what a photo was judged: a net, or a layer of it, that had not learned from it, or one that had."""


@dataclass(frozen=True)
class Doubt:
    """A photo that a net contradicts: its split and id, where it lies, its class and the one that the net sees.

    `own` and `answered` are the probabilities of the two, `judged` is one of the words above.
    """

    split: str
    id: str
    path: str
    label: str
    answer: str
    own: float
    answered: float
    judged: str


def doubted(targets: Indices, probabilities: Floats) -> Indices:
    """Return which images, int64 (n,), a net contradicts confidently, the ones worst at odds with their label first.

    `targets` is int64 (N,), `probabilities` (N, classes) of a net that did not learn from these images, calibrated. The
    order is by the probability of an image's own class, the self-confidence of Northcutt, Jiang and Chuang ("Confident
    learning", 2021, arXiv:1911.00068, section 3.2). Which are doubted is decided by that, too, and not by their
    thresholds for each class: of photos of rubbish with a label in twenty swapped, by a head on a backbone's features,
    these doubt twice as many as are wrong and find no more of them.
    """
    own = probabilities[np.arange(len(targets)), targets]
    found = np.flatnonzero((own < UNLIKELY) & (probabilities.max(axis=1) > LIKELY))
    return np.asarray(found[np.argsort(own[found], kind="stable")], dtype=np.int64)
