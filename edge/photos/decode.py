"""What is decoded: a file becomes a Pillow image, held against the limits by its header, within the memory budget.

Pillow's plugins are called by themselves, not through `Image.open`: it loads all of them for a WebP, and warns or
refuses by a limit of the whole process, before a large JPEG could be reduced.
"""

import io
import struct
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from typing import Any, BinaryIO, cast
from zlib import crc32

from PIL import Image, UnidentifiedImageError

from ..errors import PhotoError
from .formats import START, format_read, kind_not_read, webp_size
from .limits import JPEG, MAX_BYTES_AT_ONCE, MeteredFile, decoding_cost, image_cost
from .memory_budget import decoding
from .pixels import Extent, with_known_range
from .repair import continued, without_metadata
from .source import Content

PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "BMP": "BmpImagePlugin",
    "GIF": "GifImagePlugin",
    "PPM": "PpmImagePlugin",
    "WEBP": "WebPImagePlugin",
    "TIFF": "TiffImagePlugin",
    "AVIF": "AvifImagePlugin",
}
"""What Pillow may open, and what opens it (MPO opens as JPEG). Formats that start another program (EPS) or that nobody
photographs in stay out."""

FORMATS = tuple(PLUGINS)

DEEP = ";16"  # in what Pillow calls the layout of pixels of 16 bits
GRAY_STEP = {"L;2": 85, "L;4": 17}  # from one gray of so many bits to the next, in 8 bits


def decode(content: Content, stack: ExitStack, draft_side: int | None = None) -> tuple[Image.Image, Extent | None]:
    """Return a photo's decoded image, and the extent of a JPEG that was reduced on the way.

    A JPEG is reduced as far as it keeps `draft_side` pixels each way; not at all by default. Its memory counts until
    `stack` is closed. What is damaged in nothing that a photo needs is read all the same. Raises PhotoError, and
    whatever Pillow raises for a damaged file.
    """
    if isinstance(content, Image.Image):
        cost = image_cost(content, content.size, several_scans=False)
        if getattr(content, "tile", None):
            stack.enter_context(decoding(cost))
        return _load(content), None
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        with ExitStack() as own:
            decoded = _decode_file(file, own, draft_side)
            stack.push(own.pop_all())
            return decoded
    except (PhotoError, MemoryError, Image.DecompressionBombError):
        raise
    except Exception as error:  # whatever Pillow's decoders raise; a warning, too, where the program makes it an error
        if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno):
            raise
        mended = _decode_mended(file, stack, draft_side)
        if mended is None:
            raise
        return mended


def _decode_file(file: BinaryIO, stack: ExitStack, draft_side: int | None) -> tuple[Image.Image, Extent | None]:
    metered = MeteredFile(file)
    start = metered.read(START)
    name = format_read(start)
    if name is None:
        raise PhotoError(_not_read(start))
    early_size = webp_size(start)
    if early_size:  # Pillow takes a WebP's memory when it opens it
        stack.enter_context(decoding(decoding_cost(name, early_size)))
    image = _open(name, start, metered)
    whole, several_scans = image.size, metered.end_header(image)
    extent = None
    if draft_side and (drafted := image.draft(None, (draft_side, draft_side))):
        extent = drafted[1][2:]  # a JPEG decodes at 1/2, 1/4 or 1/8 scale, still large enough
    cost = image_cost(image, whole, several_scans)
    if not early_size:
        stack.enter_context(decoding(cost))
    return _load(image), extent


def _load(image: Image.Image) -> Image.Image:
    """Return an opened image decoded."""
    tiles = getattr(image, "tile", None)
    layout = str(tiles[0][3]) if tiles else ""
    if tiles:
        _scale_transparency(image, layout)
    image.load()
    return with_known_range(image, DEEP in layout)


def _scale_transparency(image: Image.Image, layout: str) -> None:
    """Give the transparent colour of a PNG the depth that Pillow gives its pixels."""
    clear = image.info.get("transparency")
    if isinstance(clear, int) and layout in GRAY_STEP:
        image.info["transparency"] = clear * GRAY_STEP[layout]
    elif isinstance(clear, tuple) and DEEP in layout:
        image.info["transparency"] = tuple(sample >> 8 for sample in clear)


def _not_read(start: bytes) -> str:
    known = kind_not_read(start)
    words = f"not a photo in a known format ({', '.join(FORMATS)})"
    return f"{words}, but {known}; save the photo as JPEG" if known else words


def _open(name: str, start: bytes, file: MeteredFile) -> Image.Image:
    """Return a file of the format `name` as Pillow opens it."""
    factory, accepts = _plugin(name)
    accepted = accepts(start[:16])
    if isinstance(accepted, str):  # why not
        raise PhotoError(f"{name}, which this Pillow is built without; save the photo as JPEG")
    if not accepted:
        raise UnidentifiedImageError(name)
    file.seek(0)
    try:
        return cast(Image.Image, factory(file, ""))
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise UnidentifiedImageError(f"{name}: {error}") from error


@cache
def _plugin(name: str) -> tuple[Any, Any]:
    """Return what opens files of a format, and what says of their start whether it can."""
    import_module(f"PIL.{PLUGINS[name]}")
    return Image.OPEN[name]


def _decode_mended(
    file: BinaryIO, stack: ExitStack, draft_side: int | None
) -> tuple[Image.Image, Extent | None] | None:
    """Return what `decode` does, of a file without what a photo doesn't need; None if that can't be read either."""
    file.seek(0)
    content = file.read(MAX_BYTES_AT_ONCE + 1)
    file_format = format_read(content[:START])
    if len(content) > MAX_BYTES_AT_ONCE or file_format is None:
        return None
    tries = [[mended] for mended in without_metadata(content, file_format) if mended != content]
    if file_format in JPEG:
        tries.append(continued(content))
    for same in filter(None, tries):
        try:
            with ExitStack() as own:
                decoded = _decode_all(same, own, draft_side)
                stack.push(own.pop_all())
                return decoded
        except TimeoutError:
            raise
        except Exception:  # damaged all the same
            continue
    return None


def _decode_all(files: list[bytes], stack: ExitStack, draft_side: int | None) -> tuple[Image.Image, Extent | None]:
    """Return what all of `files` decode to. Raises ValueError where that is not the same, and what `decode` raises."""
    *others, last = files
    sums = set()
    for other in others:
        with ExitStack() as own:
            sums.add(crc32(_decode_file(io.BytesIO(other), own, draft_side)[0].tobytes()))
    image, extent = _decode_file(io.BytesIO(last), stack, draft_side)
    if sums and sums != {crc32(image.tobytes())}:
        raise ValueError("pixels are missing")
    return image, extent
