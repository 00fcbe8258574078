"""Damaged files, as they would be without what a photo doesn't need: profiles, comments, metadata.

Pillow reads all of that before the pixels, and what is broken in it costs the photo. Only a file that couldn't be read
comes here. Layouts: ITU-T T.81 annex B (JPEG), PNG Specification (Third Edition) section 5, RFC 9649 (WebP).
"""

import struct
from collections.abc import Iterator
from zlib import crc32

PNG_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
WEBP_METADATA = (b"ICCP", b"EXIF", b"XMP ")
WEBP_HAS_METADATA = 0x20 | 0x08 | 0x04  # flags of these in VP8X

START_OF_SCAN = 0xDA
START_OF_PROGRESSIVE = 0xC2
JFIF, EXIF, ADOBE, COMMENT = 0xE0, 0xE1, 0xEE, 0xFE
END = b"\xff\xd9"
FILLINGS = (bytes(64), b"\xa5" * 64)
"""Two continuations of the pixels of a JPEG that are decoded to different ones, if at all."""


def without_metadata(file: bytes, file_format: str) -> Iterator[bytes]:
    """Yield what `file` may be read as instead, the one that has lost least first."""
    if file_format == "JPEG":
        for kept in ((JFIF, ADOBE, EXIF), (JFIF, ADOBE)):
            yield _jpeg_of(file, kept)
    elif file_format == "PNG":
        yield _png_of(file)
    elif file_format == "WEBP":
        yield _webp_of(file)


def continued(file: bytes) -> list[bytes]:
    """Return a JPEG that ends early with each of the `FILLINGS` and an end; none if scans are known to be missing.

    They decode to the same pixels if it lacked nothing but its end.
    """
    file = file.rstrip(b"\xff")
    return [file + filling + END for filling in FILLINGS] if _has_all_scans(file) else []


def _jpeg_of(file: bytes, kept: tuple[int, ...]) -> bytes:
    parts = [file[:2]]
    for marker, start, end in _segments(file):
        if marker < JFIF or marker in kept:
            parts.append(file[start:end])
    return b"".join(parts)


def _segments(file: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment of a JPEG; the first scan reaches to the end of the file."""
    start = 2
    while (start := file.find(b"\xff", start)) >= 0 and start + 4 <= len(file):
        marker = file[start + 1]
        if marker in (0, 0xFF):
            start += 1
            continue
        end = len(file) if marker == START_OF_SCAN else start + 2 + int.from_bytes(file[start + 2 : start + 4], "big")
        yield marker, start, end
        start = end


def _has_all_scans(file: bytes) -> bool:
    """Return whether the scans of a progressive JPEG tell every bit of every coefficient; True for any other JPEG."""
    components: list[int] = []
    for marker, start, end in _segments(file):
        if marker == START_OF_PROGRESSIVE:
            components = list(file[start + 10 : end : 3])
        if marker == START_OF_SCAN and components:
            return not _missing(file, start, components)
    return True


def _missing(file: bytes, scan: int, components: list[int]) -> set[tuple[int, int]]:
    """Return (component, coefficient) of what the scans from `scan` on do not tell to its last bit."""
    missing = {(component, i) for component in components for i in range(64)}
    while scan >= 0 and scan + 5 < len(file):
        count = file[scan + 4]
        told = file[scan + 5 : scan + 5 + 2 * count : 2]
        rest = file[scan + 5 + 2 * count : scan + 8 + 2 * count]
        if len(rest) == 3 and rest[2] & 15 == 0:  # Al, the last bit told
            missing -= {(component, i) for component in told for i in range(rest[0], min(rest[1], 63) + 1)}
        scan = file.find(bytes((0xFF, START_OF_SCAN)), scan + 2)
    return missing


def _png_of(file: bytes) -> bytes:
    parts, start = [file[:8]], 8
    while start + 8 <= len(file):
        length, kind = struct.unpack_from(">I4s", file, start)
        end = start + 12 + length
        sound_exif = kind == b"eXIf" and file[end - 4 : end] == struct.pack(">I", crc32(file[start + 4 : end - 4]))
        if kind in PNG_NEEDED or sound_exif:
            parts.append(file[start:end])
        start = end
    return b"".join(parts)


def _webp_of(file: bytes) -> bytes:
    parts, start = [], 12
    while start + 8 <= len(file):
        kind, length = struct.unpack_from("<4sI", file, start)
        end = start + 8 + length + length % 2
        if kind == b"VP8X":
            parts.append(
                file[start : start + 8] + bytes((file[start + 8] & ~WEBP_HAS_METADATA,)) + file[start + 9 : end]
            )
        elif kind not in WEBP_METADATA:
            parts.append(file[start:end])
        start = end
    chunks = b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
