"""The photo contract: the only place that turns a photo into numbers.

photo -> EXIF orientation -> RGB -> resize -> uint8 (H, W, 4), channels RGBX, X ignored. Training on folders,
calibration, evaluation, benchmark and predict all call `read_photo`, so that what the net was trained on and
what it meets on the device can't differ.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from .errors import PhotoError
from .limits import JPEG, MAX_FILE_BYTES, MeteredFile, check_cost
from .plain_png import open_plain_png
from .quiet import PILLOW_QUIET
from .suffixes import named_like_photo

Photo: TypeAlias = str | PathLike[str] | bytes | BinaryIO | Image.Image | npt.NDArray[np.uint8]
Pixels: TypeAlias = npt.NDArray[np.uint8]
Extent: TypeAlias = tuple[float, float]
"""Width and height in pixels, fractions included: 1023 pixels decoded at 1/8 scale are 127.875, stored in 128."""

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF")
"""What Pillow may open (MPO opens as JPEG). Formats that start another program (EPS) or that nobody photographs
in stay out. The first five are those that Pillow knows without loading all of its plugins."""

RESIZE = "squash-bicubic"
"""The resize rule, as model cards name it: the whole photo to a square, bicubic with antialiasing.

Chosen on degraded validation images (`benchmarks/results/resize_rule.md`): of six filters bicubic is the best or equal
to it however a photo is framed, and nearest loses 31 to 35 points. A crop of the middle gains 5 to 8 points where a
square thing lies within a longer photo, and loses 19 where it fills it; how often a photo is which can't be known from
such images, so the rule is the one that loses nothing of any photo.
"""

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

FILTER = Image.Resampling.BICUBIC

# Reduce by whole factors until this many times the target size, then resize: Pillow's own suggestion for
# results that can hardly be told from a full resize.
REDUCING_GAP = 3.0
BAND_PIXELS = 1 << 20

SMALL_FILE = 1 << 16
"""Bytes up to which a file is read at once: that costs less than the small reads of Pillow's plugins."""

READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0)  # without the latter Windows changes bytes that end a line


def read_photo(photo: Photo, size: int) -> Pixels:
    """Return `photo` as uint8 (size, size, 4), channels RGBX with X = 255.

    `photo` is a path, the bytes of a file, an open binary file, a Pillow image, or a uint8 array: (H, W) gray,
    (H, W, 3) RGB or (H, W, 4) RGBA. Animations give their first frame. Embedded colour profiles are ignored.

    Raises PhotoError, naming the photo, when it is missing, damaged, beyond the limits or of an unknown format.
    """
    content = _small_file(photo)
    if content and (plain := open_plain_png(content)):
        return _to_rgbx(plain, size, plain.size, None)
    with _naming(photo), ExitStack() as stack:
        image, extent = _open(content or photo, stack, round(size * REDUCING_GAP))
        return to_pixels(image, size, extent)


def read_upright(photo: Photo, draft_side: int | None = None) -> Image.Image:
    """Return `photo` at its own size in mode RGB, upright, what is transparent on white. Raises PhotoError.

    With `draft_side` a large JPEG may come reduced, at least so many pixels each way.
    """
    with _naming(photo), ExitStack() as stack:
        image, _ = _open(photo, stack, draft_side)
        image.load()
        orientation = _orientation(image)
        return _finish(_to_8_bit(image), orientation).copy()  # the caller's own, even of the caller's image


def to_pixels(image: Image.Image, size: int, extent: Extent | None = None) -> Pixels:
    """Return an open Pillow image as uint8 (size, size, 4) by the photo contract; Pillow's own errors pass through.

    `extent` is how much of it is photo, in pixels from the upper left; all of it by default.
    """
    image.load()
    orientation = _orientation(image)  # after load, which turns a TIFF upright itself and drops its tag
    return _to_rgbx(image, size, extent or image.size, orientation)


@contextmanager
def _naming(photo: Photo) -> Iterator[None]:
    """Turn whatever a damaged file leads Pillow to into a PhotoError that names it; nothing is said on stderr."""
    name = photo_name(photo)
    try:
        with PILLOW_QUIET:
            yield
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


def photo_name(photo: Photo) -> str:
    """Return what messages call `photo`: its path if it has one, else its kind."""
    return fspath(photo) if isinstance(photo, str | PathLike) else f"<{type(photo).__name__}>"


def photo_files(folder: Path) -> list[Path]:
    """Return the files of `folder` that are named like photos, sorted, hidden ones left out."""
    return [path for path in sorted(folder.iterdir()) if named_like_photo(path.name)]


def _open(photo: Photo, stack: ExitStack, draft_side: int | None = None) -> tuple[Image.Image, Extent | None]:
    """Return `photo` as a Pillow image, held against the limits by its header, and the extent of a reduced JPEG.

    It is not decoded yet. `draft_side` is how many pixels a reduced JPEG must have at least each way; by default it is
    not reduced.
    """
    if isinstance(photo, np.ndarray):
        return _from_array(photo), None
    if isinstance(photo, Image.Image):
        undecoded = _undecoded_file(photo)
        if undecoded is None:
            check_cost(photo, photo.size, several_scans=False)
            return photo, None
        stack.callback(undecoded.seek, undecoded.tell())
        photo = undecoded  # read as if it were given itself: the same pixels, and the image stays as it is
    file = MeteredFile(_binary_file(photo, stack))
    image = stack.enter_context(Image.open(cast(BinaryIO, file), formats=FORMATS))
    whole, several_scans = image.size, file.end_header(image)
    extent = None
    if draft_side and (drafted := image.draft(None, (draft_side, draft_side))):
        extent = drafted[1][2:]  # a JPEG decodes at 1/2, 1/4 or 1/8 scale, still large enough
    check_cost(image, whole, several_scans)
    return image, extent


def _undecoded_file(image: Image.Image) -> BinaryIO | None:
    """Return the file of a JPEG that Pillow has opened but not decoded yet, None for any other image."""
    if image.format not in JPEG or not getattr(image, "tile", None) or image.tell():
        return None
    file: BinaryIO | None = getattr(image, "fp", None)
    return file


def _small_file(photo: Photo) -> bytes | None:
    """Return what is in a small file, None for all else and for what can't be read: `_binary_file` says why."""
    if isinstance(photo, bytes):
        return photo if len(photo) <= SMALL_FILE else None
    if not isinstance(photo, str | PathLike):
        return None
    try:
        status = os.stat(photo)  # noqa: PTH116, a Path costs a tenth of what a small photo does
        if not (stat.S_ISREG(status.st_mode) and status.st_size <= SMALL_FILE):
            return None
        file = os.open(photo, READ_ONLY)  # Python's own file objects would double what opening and reading cost
        try:
            return os.read(file, SMALL_FILE)
        finally:
            os.close(file)
    except (OSError, ValueError):
        return None


def _binary_file(photo: str | PathLike[str] | bytes | BinaryIO, stack: ExitStack) -> BinaryIO:
    """Return a photo's file, positioned anywhere; one that is opened here is closed by `stack`."""
    if isinstance(photo, bytes):
        return io.BytesIO(photo)
    if not isinstance(photo, str | PathLike):
        return photo if photo.seekable() else io.BytesIO(photo.read(MAX_FILE_BYTES + 1))
    path = Path(photo)
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise PhotoError("a folder; expected a photo, or a folder with photos in it")
    if not stat.S_ISREG(status.st_mode):
        raise PhotoError("not a regular file")
    if status.st_size == 0:
        raise PhotoError("empty file (0 bytes)")
    return stack.enter_context(path.open("rb"))


def _from_array(array: Pixels) -> Image.Image:
    gray = array.ndim == 2
    colour = array.ndim == 3 and array.shape[2] in (3, 4)
    if array.dtype != np.uint8 or not (gray or colour) or 0 in array.shape:
        raise PhotoError(f"expected uint8 (H, W), (H, W, 3) or (H, W, 4), got {array.dtype} {array.shape}")
    return Image.fromarray(array)


def _to_rgbx(image: Image.Image, size: int, extent: Extent, orientation: int | None) -> Pixels:
    """Return a decoded image as the model contract has it."""
    return np.asarray(_finish(_shrink(image, size, extent), orientation).convert("RGBX"))


def _orientation(image: Image.Image) -> int | None:
    try:
        orientation: int | None = image.getexif().get(ORIENTATION_TAG)
    except Exception:  # malformed EXIF, which Pillow answers with whatever it leads to; the pixels are sound
        return None
    return orientation


def _shrink(image: Image.Image, size: int, extent: Extent) -> Image.Image:
    """Return a decoded image as (size, size) in mode RGB or RGBA.

    Reduced by whole factors first, as Pillow's `reducing_gap` would, but in bands, so that a large photo is never held
    twice.
    """
    width, height = image.size
    if image.size == (size, size):
        return _to_8_bit(image)
    across, down = (max(1, int(side / size / REDUCING_GAP)) for side in extent)
    rows = down * max(1, BAND_PIXELS // (width * down))
    if rows >= height:
        reduced = _to_8_bit(image).reduce((across, down))
    else:
        bands = (image.crop((0, top, width, min(top + rows, height))) for top in range(0, height, rows))
        reduced = _stack([_to_8_bit(band).reduce((across, down)) for band in bands])
    return reduced.resize((size, size), FILTER, box=(0, 0, extent[0] / across, extent[1] / down))


def _stack(bands: list[Image.Image]) -> Image.Image:
    """Return one image of bands of equal width, the first at the top."""
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _finish(image: Image.Image, orientation: int | None) -> Image.Image:
    """Return an RGB or RGBA image upright and in mode RGB."""
    if orientation in ORIENTATIONS:
        image = image.transpose(ORIENTATIONS[orientation])
    if image.mode == "RGBA":
        background = Image.new("RGBA", image.size, BACKGROUND)
        image = Image.alpha_composite(background, image).convert("RGB")
    return image


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Return `image` in mode RGB, or RGBA where it has transparency."""
    if image.mode == "LAB":
        raise PhotoError("LAB colours; save the photo in RGB")
    if image.mode == "F":
        raise PhotoError("32-bit float pixels have no fixed range; save the photo with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16-bit gray: scale to 8 bits, where Pillow's convert would clip
        gray = np.clip(np.asarray(image, dtype=np.int32), 0, 65535)
        return Image.fromarray(((gray + 128) // 257).astype(np.uint8)).convert("RGB")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)
