"""Where the net looked, drawn over the photo."""

from pathlib import Path

import numpy as np
from PIL import Image

from ..inference.occlusion import Explanation, Heat, explain
from ..model.contract import Model
from ..photos.contract import Photo, read_upright
from .picture_file import write_drawn

SIDES = 256, 1024  # pixels; how small and how large the longer side of a drawn map may be
OPACITY = 0.7  # of the hottest place


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
    """Explain `photo` and write the drawn map to `path` as `write_drawn` does.

    Raises PhotoError, or EdgeCifarError when the disk can take no more.
    """
    explanation = explain(model, photo)
    write_drawn(photo, draw_heat(photo, explanation.heat), path)
    return explanation
