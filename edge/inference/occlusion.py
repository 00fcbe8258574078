"""Where the net looked: an occlusion map, by the runtime alone.

A gray square is moved over the photo: the more the guess's logit falls where it lies, the more the guess rests on what
it hides (Zeiler and Fergus 2014, section 4.2).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..model.card import ModelCard
from ..model.contract import Logits
from ..photos.contract import Pixels
from ..stats.softmax import softmax

Heat = npt.NDArray[np.float64]
Place = tuple[slice, slice]  # rows and columns

PARTS = 4  # the square's side is the photo's divided by this
STEPS = 4  # places that the square is moved to within its own side
BATCH = 32  # photos with a square that go through the net together


@dataclass(frozen=True)
class Explanation:
    """What the net takes a photo for, with its probability (0 to 1), and where it sees it.

    `heat` is float64 (S, S): how far the guess's logit falls on average when that pixel is hidden, negative where the
    pixel speaks against the guess.
    """

    guess: str
    confidence: float
    heat: Heat


def explain(logits: Callable[[Pixels], Logits], card: ModelCard, pixels: Pixels) -> Explanation:
    """Explain pixels (S, S, 4); `logits` gives float32 (N, classes) of (N, S, S, 4), and `card` is the model's."""
    whole = logits(pixels[None])[0]
    best = int(whole.argmax())
    heat, times = np.zeros((2, *pixels.shape[:2]))
    places = _places(len(pixels))
    for some in (places[i : i + BATCH] for i in range(0, len(places), BATCH)):
        hidden = logits(np.stack([_hidden(pixels, place) for place in some])).astype(np.float64)
        for place, fall in zip(some, whole[best] - hidden[:, best], strict=True):
            heat[place] += fall
            times[place] += 1
    confidence = float(softmax(whole, card.temperature)[best])
    return Explanation(card.labels[best], confidence, heat / times)


def _places(size: int) -> list[Place]:
    """Return the places of the square in `size` x `size` pixels; every pixel lies in at least one."""
    side = max(1, size // PARTS)
    starts = sorted({*range(0, size - side, max(1, side // STEPS)), size - side})
    return [(slice(y, y + side), slice(x, x + side)) for y in starts for x in starts]


def _hidden(pixels: Pixels, place: Place) -> Pixels:
    """Return the photo (S, S, 4) with a place filled with its mean colour."""
    hidden = pixels.copy()
    hidden[place] = pixels.mean(axis=(0, 1)).astype(np.uint8)
    return hidden
