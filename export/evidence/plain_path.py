"""Photos by plain Pillow, as the libraries that a net comes from read them: what our photo path is compared with.

Ours decodes a large JPEG at a fraction of its size and crops before it resizes, which is quicker; here nothing is.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ...edge.model.contract import Logits
from ...edge.photos.contract import Pixels
from ...edge.photos.preprocessing import FILTERS, Preprocessing

LARGEST = 50_000_000  # pixels


@dataclass(frozen=True)
class PathCheck:
    """How near the two paths come: `same_answers` of `n` photos by the original net, and the mean difference of 255."""

    n: int
    same_answers: int
    pixel_difference: float

    def describe(self) -> str:
        """Return it in one line."""
        return (
            f"read by plain Pillow and by our photo path, the original gives the same answer to {self.same_answers} of "
            f"{self.n} photos; their pixels differ by {self.pixel_difference:.2f} of 255 on average"
        )


def plain_pixels(path: Path, to: Preprocessing) -> Pixels:
    """Return a photo as uint8 (size, size, 4) RGBX, X = 255, by the steps that torchvision documents.

    Whole, upright, in RGB; "crop": the shorter side to size / crop_share, then the middle square. Raises Pillow's own
    errors.
    """
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    if to.fit == "crop":
        shorter = round(to.size / to.crop_share)
        scale = shorter / min(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)), FILTERS[to.filter])
        left, top = round((image.width - to.size) / 2), round((image.height - to.size) / 2)
        image = image.crop((left, top, left + to.size, top + to.size))
    else:
        image = image.resize((to.size, to.size), FILTERS[to.filter])
    return np.dstack([np.asarray(image), np.full((to.size, to.size), 255, np.uint8)])


def is_moderate(path: Path, to: Preprocessing) -> bool:
    """Return whether plain Pillow reads a photo, decodes it whole and resizes it so in little memory."""
    try:
        with Image.open(path) as opened:
            longer, shorter = max(opened.size), min(opened.size)
            resized = (to.size / to.crop_share) ** 2 * (longer / shorter if to.fit == "crop" else 1)
            return max(longer * shorter, resized) <= LARGEST
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def compare_paths(plain: Pixels, ours: Pixels, of_plain: Logits, of_ours: Logits) -> PathCheck:
    """Compare pixels (N, size, size, 4) of the same photos, and an original net's logits (N, classes) of them."""
    difference = np.abs(plain[..., :3].astype(np.int16) - ours[..., :3]).mean()
    same = of_plain.argmax(axis=1) == of_ours.argmax(axis=1)
    return PathCheck(len(same), int(same.sum()), float(difference))
