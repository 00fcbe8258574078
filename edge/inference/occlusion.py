"""Where the net looked: an occlusion map, by the runtime alone.

A gray square is moved over the photo: the more the guess's logit falls where it lies, the more the guess rests on what
it hides (Zeiler and Fergus 2014, section 4.2).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..model.contract import Model
from ..photos.contract import Photo, Pixels, read_photo
from ..stats.classification import softmax

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


def explain(model: Model, photo: Photo) -> Explanation:
    """Explain what `model` takes `photo` for. Raises PhotoError."""
    pixels = read_photo(photo, model.card.size)
    whole = model.logits(pixels[None])[0].astype(np.float64)
    best = int(whole.argmax())
    heat, times = np.zeros((2, *pixels.shape[:2]))
    places = _places(model.card.size)
    for some in (places[i : i + BATCH] for i in range(0, len(places), BATCH)):
        logits = model.logits(np.stack([_hidden(pixels, place) for place in some])).astype(np.float64)
        for place, fall in zip(some, whole[best] - logits[:, best], strict=True):
            heat[place] += fall
            times[place] += 1
    confidence = float(softmax(whole / model.card.temperature)[best])
    return Explanation(model.card.labels[best], confidence, heat / times)


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
