"""What a file is, by its first bytes: the formats that are read, and the names of some that are not."""

START = 64
"""Bytes that tell the kind of a file."""

READ = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    **{b"P%c" % digit: "PPM" for digit in b"0123456fy"},
    b"MM\0*": "TIFF",
    b"II*\0": "TIFF",
    b"MM*\0": "TIFF",
    b"II\0*": "TIFF",
    b"MM\0+": "TIFF",
    b"II+\0": "TIFF",
}
"""Formats that are read, by their first bytes."""

NOT_READ = {
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"FUJIFILMCCD-RAW": "raw",
    b"IIRO": "raw",
    b"IIRS": "raw",
    b"MMOR": "raw",
    b"IIU\0": "raw",
    b"FOVb": "raw",
    b"8BPS": "Photoshop",
    b"gimp xcf": "GIMP",
    b"\0\0\1\0": "icon",
    b"qoif": "QOI",
    b"DDS ": "DDS",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "PostScript",
    b"PK\3\4": "ZIP",
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip",
    b"\x1a\x45\xdf\xa3": "video",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself",
}
"""Kinds that are named when they are met, by their first bytes."""

AVIF_BRANDS = {b"avif", b"avis"}
ISO_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"), "HEIC"),
    b"crx ": "raw",
    b"jp2 ": "JPEG 2000",
    b"jxl ": "JPEG XL",
}
"""Kinds by the brands of ISO/IEC 14496-12, section 4.3; any other brand is a video."""


def format_read(start: bytes) -> str | None:
    """Return the name of the format of a file that begins with `start`, None if it isn't read."""
    for length in (3, 8, 6, 2, 4):
        if name := READ.get(start[:length]):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    return "AVIF" if AVIF_BRANDS.intersection(_brands(start)) else None


def webp_size(start: bytes) -> tuple[int, int] | None:
    """Return width and height of a WebP that begins with `start` (RFC 9649, sections 2.5 to 2.7), else None."""
    if start[:4] != b"RIFF" or start[8:12] != b"WEBP" or len(start) < 30:
        return None
    kind, data = start[12:16], start[20:30]
    if kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def kind_not_read(start: bytes) -> str:
    """Return what to call a file that begins with `start` and isn't read, empty where that is unknown."""
    for magic, name in NOT_READ.items():
        if start.startswith(magic):
            return name
    if brands := _brands(start):
        return next((ISO_BRANDS[brand] for brand in brands if brand in ISO_BRANDS), "video")
    if start[:4] == b"RIFF":
        return "video"
    if not start.strip(b"\0"):
        return "nothing but zeros"
    return _text(start)


def _brands(start: bytes) -> list[bytes]:
    """Return the brands of an ISO media file, the major one first, none of any other file."""
    if start[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(start[:4], "big"), len(start))
    return [start[8:12], *(start[i : i + 4] for i in range(16, end - 3, 4))]


def _text(start: bytes) -> str:
    """Return the kind of a text, empty for anything else."""
    words = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if words.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page"
    if words.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")):
        return "SVG or other XML"
    text = all(byte >= 32 or byte in b"\t\n\r\f" for byte in start)
    return "text" if text and len(start) > 3 else ""
