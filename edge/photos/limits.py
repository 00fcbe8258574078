"""What a photo may cost, so that a hostile one is refused instead of waited for.

Most is decided by the header, before any pixel is decoded: pixels, and the memory that decoding them takes. The rest
is found while reading: Pillow's loops over segments, chunks, tags and blocks all read as they go, so that a file which
stops giving ends every one of them. Only the first frame of an animation is decoded, whatever follows it.
"""

import time
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from ..errors import PhotoError

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

MAX_PIXELS = 64_000_000
"""Largest photo decoded, in pixels after a JPEG's reduced-scale decoding."""

MAX_REDUCED_PIXELS = 4 * MAX_PIXELS
"""Largest JPEG that is reduced while it is decoded, in pixels before that: phones have up to 200 million."""

MAX_DECODE_BYTES = 300_000_000
"""Most memory that decoding takes, in bytes, by the estimate of `image_cost`: of one photo, and of all together that
a process decodes at once (`memory_budget.py`)."""

MAX_FILE_BYTES = 256_000_000

MAX_BYTES_AT_ONCE = 64_000_000
"""Largest file of a format that is read whole before its size in pixels is known (WebP, AVIF)."""

MAX_HEADER_READS = 10_000
"""Pieces that a header may consist of; a camera's has tens, a file made to waste time has millions."""

MAX_SCANNED_PIXELS = 32 * MAX_PIXELS
"""Pixels of a JPEG times the scans over them: a progressive photo has about ten scans, a hostile one thousands."""

MAX_SECONDS = 10
"""Processor time that a photo may take. The last resort: the other limits leave ordinary machines far below it."""

READS_A_LOOK = 8
"""Reads from one look at the clock to the next: a look takes as long as a read, and a small photo has about ten."""

PEAK_BYTES = {"WEBP": 20, "AVIF": 11}
"""Bytes a pixel that decoding takes at its peak where Pillow holds a photo several times, file included (measured);
elsewhere 4."""

JPEG = ("JPEG", "MPO")
START_OF_SCAN = b"\xff\xda"
TILE_WIDTH, TILE_LENGTH, ROWS_PER_STRIP, SAMPLES, BITS = 322, 323, 278, 277, 258  # tags of TIFF 6.0


class MeteredFile:
    """A photo's file as Pillow reads it. Reading raises PhotoError once the photo has asked for too much."""

    def __init__(self, file: BinaryIO):
        self._file = file
        file.seek(0, 2)
        self._size = file.tell()
        if self._size > MAX_FILE_BYTES:
            raise PhotoError(f"{self._size} bytes, more than the limit of {MAX_FILE_BYTES}; shrink the photo first")
        file.seek(0)
        self._deadline = time.thread_time() + MAX_SECONDS
        self._reads = 0
        self._header_bytes = 2 * self._size + 65536  # plugins look at parts twice, and at tags that overlap for ever
        self._scan_pixels = 0  # of a JPEG of several scans, once it is decoded
        self._scanned_pixels = 0
        self._in_header = True
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        """Read as files do."""
        self._reads += 1
        if self._reads % READS_A_LOOK == 0 and time.thread_time() > self._deadline:
            raise PhotoError(f"takes more than {MAX_SECONDS} s to decode; shrink the photo first")
        if self._in_header:
            self._count_header(size)
        self.last = self._file.read(size)
        while 0 < len(self.last) < size and (more := self._file.read(size - len(self.last))):
            self.last += more  # a file without a buffer may give less than was asked for
        if self._scan_pixels:
            self._scanned_pixels += self._scan_pixels * self.last.count(START_OF_SCAN)
            if self._scanned_pixels > MAX_SCANNED_PIXELS:
                raise PhotoError("a JPEG of too many scans; save it again, not progressive")
        return self.last

    def _count_header(self, size: int) -> None:
        if size < 0 and self._size > MAX_BYTES_AT_ONCE:
            raise PhotoError(f"{self._size} bytes to be read at once, more than the limit of {MAX_BYTES_AT_ONCE}")
        self._header_bytes -= min(self._size, size) if size >= 0 else self._size
        if self._reads > MAX_HEADER_READS or self._header_bytes < 0:
            raise PhotoError("its header goes on and on; save the photo again without metadata")

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek as files do."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Tell as files do."""
        return self._file.tell()

    def fileno(self) -> int:
        """Return the file's descriptor, by which libtiff reads. Raises OSError when it has none."""
        return self._file.fileno()

    def end_header(self, image: Image.Image) -> bool:
        """Say that `image` is opened and will be decoded; return whether it is a JPEG of several scans."""
        self._in_header = False
        if image.format not in JPEG:
            return False
        bands = len(image.getbands())
        one_scan = len(self.last) == 4 + 2 * bands and self.last[0] == bands  # in the start of scan, read last
        if one_scan and not image.info.get("progressive"):
            return False
        self._scan_pixels = image.width * image.height
        return True


def image_cost(image: Image.Image, whole: tuple[int, int], several_scans: bool) -> int:
    """Return the bytes of memory that decoding an opened image takes. Raises PhotoError when it is beyond the limits.

    `whole` is its size in pixels before `draft`; `several_scans` is what `end_header` returned.
    """
    if whole[0] * whole[1] > MAX_REDUCED_PIXELS:
        raise _too_many_pixels(whole, MAX_REDUCED_PIXELS)
    more = _coefficient_bytes(image, whole) if several_scans else 0
    if image.format == "TIFF" and image.info.get("compression") != "raw":
        more += _strip_bytes(image)  # type: ignore[arg-type]
    return decoding_cost(image.format or "", image.size, more, whole)


def decoding_cost(file_format: str, size: tuple[int, int], more: int = 0, whole: tuple[int, int] | None = None) -> int:
    """Return the bytes of memory that decoding to so many pixels takes, `more` of them for other things than pixels.

    `whole` is the size in the file, where it is another. Raises PhotoError when they are beyond the limits.
    """
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_many_pixels(size, MAX_PIXELS)
    needed = size[0] * size[1] * PEAK_BYTES.get(file_format, 4) + more
    if needed > MAX_DECODE_BYTES:
        raise PhotoError(
            f"{(whole or size)[0]} x {(whole or size)[1]} pixels as {file_format} take {needed // 10**6} MB to decode, "
            f"more than the limit of {MAX_DECODE_BYTES // 10**6}; shrink the photo first"
        )
    return needed


def _too_many_pixels(size: tuple[int, int], limit: int) -> PhotoError:
    return PhotoError(f"{size[0]} x {size[1]} pixels, more than the limit of {limit}; shrink the photo first")


def _coefficient_bytes(image: Image.Image, whole: tuple[int, int]) -> int:
    """Return the size of all coefficients of a JPEG, which are held until the last scan is read: 16 bits each."""
    layers: list[tuple[int, int, int, int]] = image.layer  # type: ignore[attr-defined]
    across, down = (max(layer[i] for layer in layers) for i in (1, 2))
    share = sum(h * v for _, h, v, _ in layers) / (across * down)  # of the samples, against one a pixel
    return int(whole[0] * whole[1] * share * 2)


def _strip_bytes(image: "TiffImageFile") -> int:
    """Return the size of a TIFF's strip or tile, which is decompressed as one, whatever the size of the image."""
    tags = image.tag_v2
    if TILE_WIDTH in tags:
        width, rows = tags[TILE_WIDTH], tags[TILE_LENGTH]
    else:
        width, rows = image.width, min(tags.get(ROWS_PER_STRIP, image.height), image.height)
    return int(width * rows * tags.get(SAMPLES, 1) * max(tags.get(BITS, (1,))) // 8)
