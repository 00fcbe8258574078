"""Photo-sized JPEGs made of small images, degraded as cameras and web sites do, to compare resize rules on.

An enlarged 32 x 32 image has no detail finer than a 32nd of its side, where a photo has, and fine detail is what
filters treat differently. So detail with the spectrum of photographs is laid over it, of which little would be left at
the size of the small image.
"""

import io
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ...edge.photos.contract import Pixels

SIDES = (200, 320, 480, 640)  # pixels, of the photo's shorter side
ASPECTS = (4 / 3, 3 / 2, 16 / 9)
ENLARGERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
QUALITIES = 50, 96  # of the JPEG, from and below
MOST_BLUR = 0.004  # radius as a share of the shorter side: an eighth of a pixel of 32
MOST_DETAIL = 25.0  # standard deviation of 255
TEXTURE_SIDES = (640, 1152)  # pixels, height and width: room for the longest photo

FRAMES = {
    "square": "the image is the photo",
    "middle": "in the middle of a longer photo, its surroundings mirrored",
    "anywhere": "anywhere in a longer photo, its surroundings mirrored",
    "filled": "drawn out to fill a longer photo",
}
"""How an image lies in its photo."""


def degraded(pixels: Pixels, frame: str, random: np.random.RandomState) -> bytes:
    """Return one image, uint8 (S, S, 4), as a JPEG in a `frame` of `FRAMES`, the rest drawn from `random`."""
    side, aspect = SIDES[random.randint(len(SIDES))], ASPECTS[random.randint(len(ASPECTS))]
    length = side if frame == "square" else round(side * aspect)
    tall = bool(random.randint(2))
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    image = image.transpose(Image.Transpose.TRANSPOSE) if tall else image
    across = length if frame == "filled" else side
    image = image.resize((across, side), ENLARGERS[random.randint(len(ENLARGERS))])
    before = random.randint(length - across + 1) if frame == "anywhere" else (length - across) // 2
    mirrored = np.pad(np.asarray(image), ((0, 0), (before, length - across - before), (0, 0)), mode="symmetric")
    image = Image.fromarray(mirrored).filter(ImageFilter.GaussianBlur(random.uniform(0, MOST_BLUR) * side))
    image = _with_detail(image, random)
    image = image.transpose(Image.Transpose.TRANSPOSE) if tall else image
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=random.randint(*QUALITIES))
    return buffer.getvalue()


def _with_detail(image: Image.Image, random: np.random.RandomState) -> Image.Image:
    texture = _texture()
    top, left = (random.randint(room - used + 1) for room, used in zip(TEXTURE_SIDES, image.size[::-1], strict=True))
    part = texture[top : top + image.height, left : left + image.width, None]
    detailed = np.asarray(image) + np.float32(random.uniform(0, MOST_DETAIL)) * part
    return Image.fromarray(detailed.clip(0, 255).astype(np.uint8))


@cache
def _texture() -> npt.NDArray[np.float32]:
    """Return detail of unit deviation, float32 of `TEXTURE_SIDES`: amplitude falls with frequency, as in photographs.

    Waves longer than 20 pixels are left out: that is a 32nd of the largest photo's side.
    """
    height, width = TEXTURE_SIDES
    random = np.random.RandomState(0)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    waves = random.normal(size=frequency.shape) + 1j * random.normal(size=frequency.shape)
    detail = np.fft.irfft2(np.where(frequency > 1 / 20, waves / np.maximum(frequency, 1e-9), 0), s=TEXTURE_SIDES)
    return np.asarray(detail / detail.std(), dtype=np.float32)
