"""Image files, made in memory for the tests of photos."""

import io
import struct
import zlib

from PIL import Image


def encode(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(
    bits: int, colour_type: int, width: int, rows: bytes, *chunks: tuple[bytes, bytes], height: int = 1
) -> bytes:
    """A PNG of any kind; each of `rows` but the first begins with its filter."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" + rows))
    more = b"".join(png_chunk(*chunk) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + header + more + pixels + png_chunk(b"IEND", b"")
