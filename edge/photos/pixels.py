"""What is turned into pixels: any image that Pillow has decoded becomes 8-bit RGB, upright, of the model's size."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import PhotoError
from .preprocessing import FILTERS, Preprocessing

Pixels: TypeAlias = npt.NDArray[np.uint8]
Extent: TypeAlias = tuple[float, float]
"""Width and height in pixels, fractions included: 1023 pixels decoded at 1/8 scale are 127.875, stored in 128."""

BACKGROUND = (255, 255, 255)
"""Colour that transparent photos are laid on: what most viewers show."""

ORIENTATION_TAG = 0x0112  # Exif 2.3, table 4
ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

BAND_PIXELS = 1 << 20

DARK = 4096
"""Of 16-bit pixels, what none is above where a camera of 12 bits stored them as they are: nearly black."""


def orientation_of(image: Image.Image) -> int | None:
    """Return how a decoded image has to be turned; a TIFF turns itself when it is loaded, and drops its tag."""
    try:
        orientation: int | None = image.getexif().get(ORIENTATION_TAG)
    except Exception:  # malformed EXIF, which Pillow answers with whatever it leads to; the pixels are sound
        return None
    return orientation


def with_known_range(image: Image.Image, deep: bool) -> Image.Image:
    """Return a decoded image, without its transparency where that can only be padding.

    `deep` says that its pixels had 16 bits in the file. Raises PhotoError where it isn't known which number is white.
    """
    if image.mode == "LAB":
        raise PhotoError("LAB colours; save the photo in RGB")
    if image.mode == "F":
        raise PhotoError("32-bit float pixels have no fixed range; save the photo with 8 or 16 bits")
    if image.mode == "I" and image.format != "PPM":  # which Pillow has scaled to 16 bits
        raise PhotoError("32-bit integer pixels have no fixed range; save the photo with 8 or 16 bits")
    if deep or image.mode.startswith("I"):
        _refuse_dark(image)
    if image.format == "BMP" and image.mode == "RGBA" and not image.getchannel("A").getbbox():
        return image.convert("RGB")  # as written by programs that leave the fourth byte alone
    return image


def _refuse_dark(image: Image.Image) -> None:
    """Raise PhotoError for 16-bit pixels in the lowest 12 bits: black, as the format has it, and hardly meant so."""
    if image.mode.startswith("I"):
        brightest, darkest_white = int(np.asarray(image).max()), DARK
    else:  # Pillow keeps the upper 8 of 16 bits
        colours = image.getextrema()[: 1 if image.mode == "LA" else 3]
        brightest, darkest_white = max(int(most) for _, most in colours), DARK >> 8  # type: ignore[misc]
    if 0 < brightest < darkest_white:
        raise PhotoError("16-bit pixels that use 12 bits at most, and would be black; save the photo with 8 bits")


def to_rgbx(image: Image.Image, wanted: Preprocessing, extent: Extent, orientation: int | None) -> Pixels:
    """Return a decoded image as the model contract has it, uint8 (size, size, 4)."""
    return np.asarray(upright_rgb(_shrink(image, wanted, extent), orientation).convert("RGBX"))


def upright_rgb(image: Image.Image, orientation: int | None) -> Image.Image:
    """Return an image upright and in mode RGB, what is transparent on white."""
    image = _to_8_bit(image)
    if orientation in ORIENTATIONS:
        image = image.transpose(ORIENTATIONS[orientation])
    if image.mode == "RGBA":
        background = Image.new("RGBA", image.size, BACKGROUND)
        image = Image.alpha_composite(background, image).convert("RGB")
    return image


def _shrink(image: Image.Image, wanted: Preprocessing, extent: Extent) -> Image.Image:
    """Return a decoded image as (size, size) in mode RGB or RGBA.

    Reduced by whole factors first, as Pillow's `reducing_gap` would, but in bands, so that a large photo is never held
    twice.
    """
    width, height = image.size
    left, top, right, bottom = _taken(wanted, extent)
    size = wanted.size
    if image.size == (size, size) and (right - left, bottom - top) == image.size:
        return _to_8_bit(image)
    across, down = (max(1, int(side / size / wanted.reducing_gap)) for side in (right - left, bottom - top))
    rows = down * max(1, BAND_PIXELS // (width * down))
    if rows >= height:
        reduced = _to_8_bit(image).reduce((across, down))
    else:
        bands = (image.crop((0, start, width, min(start + rows, height))) for start in range(0, height, rows))
        reduced = _stack([_to_8_bit(band).reduce((across, down)) for band in bands])
    box = left / across, top / down, right / across, bottom / down
    return _resize(reduced, size, FILTERS[wanted.filter], box)


def _resize(
    image: Image.Image, size: int, resampling: Image.Resampling, box: tuple[float, float, float, float]
) -> Image.Image:
    """Return `box` (left, top, right, bottom) of an image as (size, size): horizontally, then vertically.

    Each by itself: which comes first changes the pixels, and Pillow 13 turns them round where the height shrinks more.
    """
    left, top, right, bottom = box
    mixed = image.convert("RGBa") if image.mode == "RGBA" else image  # colours by their alpha, as Pillow does
    narrow = mixed.resize((size, image.height), resampling, (left, 0, right, image.height))
    small = narrow.resize((size, size), resampling, (0, top, size, bottom))
    return small.convert("RGBA") if image.mode == "RGBA" else small


def _taken(wanted: Preprocessing, extent: Extent) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what of an image becomes pixels; its middle is that of the upright one."""
    if wanted.fit == "squash":
        return 0, 0, *extent
    side = min(extent) * wanted.crop_share
    left, top = ((length - side) / 2 for length in extent)
    return left, top, left + side, top + side


def _stack(bands: list[Image.Image]) -> Image.Image:
    """Return one image of bands of equal width, the first at the top."""
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Return `image` in mode RGB, or RGBA where it has transparency."""
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if image.mode == "La":  # Pillow converts it to nothing else
        image = image.convert("LA")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Return 16-bit gray scaled to 8 bits, where Pillow's convert would clip; one gray of it may be transparent."""
    deep = np.asarray(image, dtype=np.int32)
    gray = Image.fromarray(((deep.clip(0, 65535) + 128) // 257).astype(np.uint8))
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return gray.convert("RGB")
    gray.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
    return gray.convert("RGBA")
