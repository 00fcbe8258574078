"""What file names say of photos: which are read, and which kinds of photo are known but not read."""

import os

SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp", ".mpo"),
        *(".png", ".apng", ".webp", ".avif", ".avifs", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
        *(".ppm", ".pgm", ".pbm", ".pnm"),
    }
)
"""File names that folders are searched for, in lower case."""

NOT_READ = {
    **dict.fromkeys((".heic", ".heics", ".heif", ".heifs", ".hif"), "HEIC"),
    **dict.fromkeys((".jxl",), "JPEG XL"),
    **dict.fromkeys((".jp2", ".j2k", ".jpx", ".jpf", ".j2c"), "JPEG 2000"),
    **dict.fromkeys((".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"), "raw"),
    **dict.fromkeys((".psd", ".xcf"), "layered image"),
    **dict.fromkeys((".svg", ".svgz", ".eps", ".pdf"), "drawing"),
}
"""Photos by their file names, in lower case, that can't be read here: what messages call each kind."""


def named_like_photo(name: str) -> bool:
    """Return whether folders are searched for a file of this name: it has a known suffix and isn't hidden."""
    return name[0] != "." and suffix(name) in SUFFIXES


def suffix(name: str) -> str:
    """Return the end of a file's name from its last dot, in lower case."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122, a Path costs as much as a small photo
