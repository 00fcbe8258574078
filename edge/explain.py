"""Where the net looked: an occlusion map, by the runtime alone.

A gray square is moved over the photo, all its places in one batch: the more the guess's logit falls where it lies,
the more the guess rests on what it hides (Zeiler and Fergus 2014, section 4.2).
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .files import write_bytes
from .metrics import softmax
from .model import Model
from .photo import Photo, Pixels, read_photo, read_upright

Heat = npt.NDArray[np.float64]

PARTS = 4  # the square's side is the photo's divided by this
STEPS = 4  # places that the square is moved to within its own side
SIDES = 256, 1024  # pixels; how small and how large the longer side of a drawn map may be
OPACITY = 0.7  # of the hottest place


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
    squares = _squares(model.card.size)
    logits = model.logits(np.concatenate([pixels[None], _hidden(pixels, squares)])).astype(np.float64)
    best = int(logits[0].argmax())
    falls = logits[0, best] - logits[1:, best]  # (places,)
    heat = np.tensordot(falls, squares, 1) / squares.sum(axis=0)
    confidence = float(softmax(logits[0] / model.card.temperature)[best])
    return Explanation(model.card.labels[best], confidence, heat)


def draw_heat(photo: Photo, heat: Heat) -> Image.Image:
    """Return `photo`, upright, with `heat` (S, S) laid over it from clear to red to yellow. Raises PhotoError."""
    image = read_upright(photo, SIDES[1])
    longer = max(image.size)
    scale = min(max(longer, SIDES[0]), SIDES[1]) / longer
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    share = heat.clip(0) / max(heat.max(), 1e-9)  # 0 to 1
    large = Image.fromarray((share * 255).astype(np.uint8)).resize(image.size, Image.Resampling.BICUBIC)
    share = np.asarray(large, dtype=np.float64)[..., None] / 255
    colour = np.concatenate([np.full_like(share, 255), 255 * share**2, np.zeros_like(share)], axis=2)
    mixed = np.asarray(image) * (1 - OPACITY * share) + colour * (OPACITY * share)
    return Image.fromarray(mixed.astype(np.uint8))


def write_heat(model: Model, photo: Photo, path: Path) -> Explanation:
    """Explain `photo` and write the drawn map to `path` as PNG. Raises PhotoError, or EdgeCifarError for `path`."""
    explanation = explain(model, photo)
    buffer = io.BytesIO()
    draw_heat(photo, explanation.heat).save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())
    return explanation


def _squares(size: int) -> npt.NDArray[np.bool_]:
    """Return the places of the square, bool (places, size, size); every pixel lies in at least one."""
    side = max(1, size // PARTS)
    starts = sorted({*range(0, size - side, max(1, side // STEPS)), size - side})
    inside = np.array([[start <= i < start + side for i in range(size)] for start in starts])  # (starts, size)
    both = inside[:, None, :, None] & inside[None, :, None, :]  # (starts, starts, size, size)
    return np.asarray(both.reshape(-1, size, size))


def _hidden(pixels: Pixels, squares: npt.NDArray[np.bool_]) -> Pixels:
    """Return the photo (S, S, 4) once for each place, (places, S, S, 4), the square filled with the mean colour."""
    mean = pixels.mean(axis=(0, 1)).astype(np.uint8)
    return np.where(squares[..., None], mean, pixels)
