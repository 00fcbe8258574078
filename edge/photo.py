"""The photo contract: the only place that turns a photo into numbers.

photo -> EXIF orientation -> RGB -> resize -> uint8 (H, W, 4), channels RGBX, X ignored. Training on folders,
calibration, evaluation, benchmark and predict all call `read_photo`, so that what the net was trained on and
what it meets on the device can't differ.
"""

import io
import stat
from contextlib import ExitStack
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from .errors import PhotoError
from .quiet import PILLOW_QUIET

Photo: TypeAlias = str | PathLike[str] | bytes | BinaryIO | Image.Image | npt.NDArray[np.uint8]
Pixels: TypeAlias = npt.NDArray[np.uint8]

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF")
"""What Pillow may open (MPO opens as JPEG). Formats that start another program (EPS) or that nobody photographs
in stay out. The first five are those that Pillow knows without loading all of its plugins."""

SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".mpo",
        ".png",
        ".webp",
        ".bmp",
        ".gif",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".avif",
    ]
)
"""File names that folders are searched for, in lower case."""

RESIZE = "squash-bicubic"
"""The resize rule, as model cards name it: the whole photo to a square, bicubic with antialiasing."""

MAX_PIXELS = 64_000_000
"""Largest photo decoded, in pixels after a JPEG's reduced-scale decoding (256 MB at 4 bytes a pixel)."""

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

# Reduce by whole factors until this many times the target size, then resize: Pillow's own suggestion for
# results that can hardly be told from a full resize.
REDUCING_GAP = 3.0


def read_photo(photo: Photo, size: int) -> Pixels:
    """Return `photo` as uint8 (size, size, 4), channels RGBX with X = 255.

    `photo` is a path, the bytes of a file, an open binary file, a Pillow image, or a uint8 array: (H, W) gray,
    (H, W, 3) RGB or (H, W, 4) RGBA. Animations give their first frame.

    Raises PhotoError, naming the photo, when it is missing, damaged, too large or of an unknown format.
    """
    name = photo_name(photo)
    try:
        with PILLOW_QUIET, ExitStack() as stack:
            return to_pixels(_open(photo, stack), size)
    except PhotoError as error:
        raise PhotoError(f"{name}: {error}") from error
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{name}: too many pixels; shrink the photo first") from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"{name}: not a photo in a known format ({', '.join(FORMATS)})") from error
    except MemoryError as error:
        raise PhotoError(f"{name}: not enough memory to decode it; shrink the photo first") from error
    except OSError as error:
        raise PhotoError(f"{name}: {error.strerror or f'damaged ({error})'}") from error
    except Exception as error:  # Pillow's decoders raise whatever a damaged file leads them to
        raise PhotoError(f"{name}: damaged ({error})") from error


def to_pixels(image: Image.Image, size: int) -> Pixels:
    """Return an open Pillow image as uint8 (size, size, 4) by the photo contract.

    Raises PhotoError when it has more than `MAX_PIXELS` pixels; Pillow's own errors pass through.
    """
    draft_size = round(size * REDUCING_GAP)
    image.draft(None, (draft_size, draft_size))  # a JPEG decodes at 1/2, 1/4 or 1/8 scale, still large enough
    if image.width * image.height > MAX_PIXELS:
        raise PhotoError(
            f"{image.width} x {image.height} pixels, more than the limit of {MAX_PIXELS}; shrink the photo first"
        )
    image.load()
    orientation = _orientation(image)  # after load, which turns a TIFF upright itself and drops its tag
    image = _to_8_bit(image)
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=REDUCING_GAP)
    if orientation in ORIENTATIONS:  # after the resize: a transposed square is cheap
        image = image.transpose(ORIENTATIONS[orientation])
    if image.mode == "RGBA":
        background = Image.new("RGBA", image.size, BACKGROUND)
        image = Image.alpha_composite(background, image).convert("RGB")
    return np.asarray(image.convert("RGBX"))


def photo_name(photo: Photo) -> str:
    """Return what messages call `photo`: its path if it has one, else its kind."""
    return fspath(photo) if isinstance(photo, str | PathLike) else f"<{type(photo).__name__}>"


def photo_files(folder: Path) -> list[Path]:
    """Return the files of `folder` that are named like photos, sorted, hidden ones left out."""
    entries = sorted(folder.iterdir())
    return [path for path in entries if path.suffix.lower() in SUFFIXES and path.name[0] != "."]


def _open(photo: Photo, stack: ExitStack) -> Image.Image:
    if isinstance(photo, Image.Image):
        return photo.copy()  # draft and load change an image in place
    if isinstance(photo, np.ndarray):
        return _from_array(photo)
    if isinstance(photo, bytes):
        photo = io.BytesIO(photo)
    elif isinstance(photo, str | PathLike):
        path = Path(photo)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise PhotoError("a folder; expected a photo, or a folder with photos in it")
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("not a regular file")
        if status.st_size == 0:
            raise PhotoError("empty file (0 bytes)")
        photo = stack.enter_context(path.open("rb"))
    return stack.enter_context(Image.open(photo, formats=FORMATS))


def _from_array(array: Pixels) -> Image.Image:
    gray = array.ndim == 2
    colour = array.ndim == 3 and array.shape[2] in (3, 4)
    if array.dtype != np.uint8 or not (gray or colour) or 0 in array.shape:
        raise PhotoError(f"expected uint8 (H, W), (H, W, 3) or (H, W, 4), got {array.dtype} {array.shape}")
    return Image.fromarray(array)


def _orientation(image: Image.Image) -> int | None:
    try:
        orientation: int | None = image.getexif().get(ORIENTATION_TAG)
    except Exception:  # malformed EXIF, which Pillow answers with whatever it leads to; the pixels are sound
        return None
    return orientation


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Return `image` in mode RGB, or RGBA where it has transparency."""
    if image.mode == "F":
        raise PhotoError("32-bit float pixels have no fixed range; save the photo with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16-bit gray: scale to 8 bits, where Pillow's convert would clip
        gray = np.clip(np.asarray(image, dtype=np.int32), 0, 65535)
        return Image.fromarray(((gray + 128) // 257).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
