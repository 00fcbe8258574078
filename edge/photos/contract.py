"""The photo contract: the only place that turns a photo into numbers.

photo -> EXIF orientation -> RGB -> resize -> uint8 (H, W, 4), channels RGBX, X ignored. Training on folders,
calibration, evaluation, benchmark and predict all call `read_photo`, so that what the net was trained on and
what it meets on the device can't differ.
"""

from collections.abc import Callable
from contextlib import ExitStack
from io import UnsupportedOperation
from os import PathLike, fsdecode, fspath
from typing import TypeVar, cast

from PIL import Image, UnidentifiedImageError

from ..errors import PhotoError
from .decode import FORMATS, decode
from .pixels import Pixels, orientation_of, to_rgbx, upright_rgb
from .preprocessing import Preprocessing
from .source import Content, Photo, Piped, photo_content

__all__ = [
    "FORMATS",
    "Photo",
    "Pixels",
    "photo_name",
    "read_photo",
    "read_pipe",
    "read_upright",
    "to_pixels",
]

Made = TypeVar("Made")


def read_photo(photo: Photo, to: int | Preprocessing) -> Pixels:
    """Return `photo` as uint8 (size, size, 4), channels RGBX with X = 255; a number is the size of our own nets.

    `photo` is a path, the content of a file in bytes or another buffer of bytes, a binary file or stream, an upload
    of a web framework, a Pillow image, or a uint8 array: (H, W) or (H, W, 1) gray, (H, W, 3) RGB, (H, W, 4) RGBA, or
    RGBX where X is 0 everywhere. An array's colours are red, green, blue; OpenCV's are the other way round
    (`array[..., ::-1]`). A file that can seek is read from its start, any other to its end. Animations give their
    first frame. Embedded colour profiles are ignored.

    Raises PhotoError, naming the photo, when it is missing, damaged, beyond the limits or of an unknown format;
    TypeError or ValueError when `photo` is nothing of the above. A TimeoutError of the caller's signal handler passes.
    """
    wanted = Preprocessing.of(to)

    def pixels(content: Content, stack: ExitStack) -> Pixels:
        image, extent = decode(content, stack, wanted.draft_side)
        return to_rgbx(image, wanted, extent or image.size, orientation_of(image))

    return _reading(photo, pixels)


def read_upright(photo: Photo, draft_side: int | None = None) -> Image.Image:
    """Return `photo` at its own size in mode RGB, upright, what is transparent on white. Raises as `read_photo`.

    With `draft_side` a large JPEG may come reduced, at least so many pixels each way.
    """

    def upright(content: Content, stack: ExitStack) -> Image.Image:
        image, _ = decode(content, stack, draft_side)
        turned = upright_rgb(image, orientation_of(image))
        return turned.copy() if turned is photo else turned  # the caller's own, even of the caller's image

    return _reading(photo, upright)


def read_pipe(path: str) -> Piped:
    """Return all that comes through the pipe at `path`, as a photo. Raises PhotoError."""
    return _reading(path, lambda content, _: Piped(cast(bytes, content), path))


def to_pixels(image: Image.Image, to: int | Preprocessing) -> Pixels:
    """Return an open Pillow image as uint8 (size, size, 4) by the photo contract; Pillow's own errors pass through."""
    image.load()
    return to_rgbx(image, Preprocessing.of(to), image.size, orientation_of(image))


def photo_name(photo: Photo) -> str:
    """Return what messages call `photo`: its path if it has one, else its kind."""
    if isinstance(photo, str | PathLike):
        return fsdecode(fspath(photo)) or '""'
    if isinstance(photo, Piped):
        return photo.name
    return f"<{type(photo).__name__}>"


def _reading(photo: Photo, work: Callable[[Content, ExitStack], Made]) -> Made:
    """Return what `work` makes of a photo's content. Raises PhotoError, which names the photo, for what goes wrong.

    The error holds on to nothing of what was decoded: thousands of them may be kept as results.
    """
    with ExitStack() as stack:
        try:
            content = photo_content(photo, stack)
        except UnsupportedOperation:  # the caller's mistake, though an OSError
            raise
        except (PhotoError, OSError) as error:  # which without a number tells of the stream, not of the photo
            why = str(error) if isinstance(error, PhotoError) else error.strerror or f"can't be read ({error})"
        else:
            try:
                return work(content, stack)
            except Exception as error:
                if isinstance(error, TimeoutError) and error.errno is None:
                    raise  # a signal handler's, with which the program that we are in ends what takes too long
                why = _words(error)
    raise PhotoError(f"{photo_name(photo)}: {why}")


def _words(error: Exception) -> str:
    """Return what is wrong with a photo, by whatever a damaged file led Pillow to."""
    if isinstance(error, PhotoError):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels; shrink the photo first"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it; shrink the photo first"
    if isinstance(error, UnidentifiedImageError):
        return f"damaged, or of a kind that isn't read ({error})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"damaged ({error})"
