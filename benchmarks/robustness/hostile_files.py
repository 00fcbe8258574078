"""Photos made to break a reader: every format cut short, flipped, grafted, blown up and nested, all from one seed."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import PIL
from PIL import Image

from ...edge.data.synthetic_shapes import render

WIDTH, HEIGHT = 40, 30  # pixels of the sound photos
CUT_EVERY = 10  # bytes
HEADER = 64  # bytes in which formats keep their sizes and counts
EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
BOMB_SIDE = 30_000  # pixels
# Asked to write a TIFF in a compression that their libtiff lacks, as that of the wheels does, Pillows before 12 die.
_ZSTD = ("zstd",) if int(PIL.__version__.split(".")[0]) >= 12 else ()

Files = Iterator[tuple[str, bytes]]


def hostile_files(seed: int) -> Files:
    """Yield (name, content) without end: the sound photos, the bombs, every truncation, then random damage."""
    for source in (sound, bombs, _truncations):
        yield from source()
    random = np.random.RandomState(seed)
    photos = list(sound())
    damages = (flip, graft, inflate, nest, repeat)
    i = 0
    while True:
        name, content = photos[random.randint(len(photos))]
        damage = damages[i % len(damages)]
        yield f"{damage.__name__}-{i}-{name}", damage(content, random)
        i += 1


def flip(content: bytes, random: np.random.RandomState) -> bytes:
    """Turn over one to eight bits."""
    damaged = bytearray(content)
    for place in random.randint(0, len(content), random.randint(1, 9)):
        damaged[place] ^= 1 << random.randint(8)
    return bytes(damaged)


def graft(content: bytes, random: np.random.RandomState) -> bytes:
    """Put the head of another photo, its magic number first, on the body of this one."""
    others = list(sound())
    head = others[random.randint(len(others))][1]
    return head[: random.randint(2, HEADER)] + content[random.randint(2, HEADER) :]


def inflate(content: bytes, random: np.random.RandomState) -> bytes:
    """Set one to three of a header's numbers, of one, two or four bytes, to extremes."""
    damaged = bytearray(content)
    for _ in range(random.randint(1, 4)):
        width = (1, 2, 4)[random.randint(3)]
        place = random.randint(2, min(len(content), 8 * HEADER) - width)
        value = EXTREMES[random.randint(len(EXTREMES))] & (256**width - 1)
        damaged[place : place + width] = value.to_bytes(width, ("big", "little")[random.randint(2)])
    return bytes(damaged)


def nest(content: bytes, random: np.random.RandomState) -> bytes:
    """Put another photo, sound or flipped, into the midst of this one."""
    others = list(sound())
    inner = others[random.randint(len(others))][1]
    place = random.randint(2, len(content))
    return content[:place] + (flip(inner, random) if random.randint(2) else inner) + content[place:]


def repeat(content: bytes, random: np.random.RandomState) -> bytes:
    """Repeat a piece up to a thousand times, as a file does that wants its segments read for ever."""
    start = random.randint(2, len(content))
    piece = content[start : start + random.randint(1, HEADER)]
    return content[:start] + piece * random.randint(2, 1001) + content[start:]


def _truncations() -> Files:
    for name, content in sound():
        for length in range(0, len(content), CUT_EVERY):
            yield f"cut-{length}-{name}", content[:length]


@cache
def _encoded() -> tuple[tuple[str, bytes], ...]:
    photo = render("star", WIDTH, HEIGHT, np.random.RandomState(0))
    clear = photo.copy()
    clear.putalpha(128)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a photo"
    deep = Image.fromarray(np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 50)

    def frames() -> dict[str, object]:  # new images each time: saving them as JPEG leaves settings on them
        return {"save_all": True, "append_images": [photo.rotate(180)]}

    profile = bytes(range(256)) * 4
    made: list[tuple[str, Image.Image, str, dict[str, object]]] = [
        ("pages.tif", photo, "TIFF", frames()),
        ("plain.jpg", photo, "JPEG", {}),
        ("progressive.jpg", photo, "JPEG", {"progressive": True, "exif": exif, "icc_profile": profile}),
        ("restarts.jpg", photo.convert("L"), "JPEG", {"restart_marker_blocks": 1}),
        ("cmyk.jpg", photo.convert("CMYK"), "JPEG", {}),
        ("two.mpo", photo, "MPO", frames()),
        ("plain.png", photo, "PNG", {"exif": exif, "icc_profile": profile}),
        ("palette.png", photo.convert("P"), "PNG", {"transparency": 3}),
        ("clear.png", clear, "PNG", {}),
        ("deep.png", deep, "PNG", {}),
        ("bits.png", photo.convert("1"), "PNG", {}),
        ("frames.png", photo, "PNG", frames()),
        ("plain.gif", photo.convert("P"), "GIF", {"transparency": 0, "comment": b"a photo"}),
        ("frames.gif", photo, "GIF", frames()),
        ("lossy.webp", photo, "WEBP", {"exif": exif}),
        ("lossless.webp", clear, "WEBP", {"lossless": True, "icc_profile": profile}),
        ("frames.webp", photo, "WEBP", frames()),
        ("plain.bmp", photo, "BMP", {}),
        ("palette.bmp", photo.convert("P"), "BMP", {}),
        ("plain.ppm", photo, "PPM", {}),
        ("bits.pbm", photo.convert("1"), "PPM", {}),
        ("plain.avif", photo, "AVIF", {"exif": exif}),
        ("clear.avif", clear, "AVIF", {}),
        ("group4.tif", photo.convert("1"), "TIFF", {"compression": "group4"}),
    ]
    for way in ("tiff_lzw", "jpeg", "packbits", *_ZSTD):
        made.append((f"{way}.tif", photo, "TIFF", {"compression": way}))
    for way in ("tiff_deflate", "lzma"):
        made.append((f"{way}.tif", deep, "TIFF", {"compression": way}))
    encoded = []
    for name, image, file_format, options in made:
        buffer = io.BytesIO()
        try:
            image.copy().save(buffer, file_format, **options)
        except (KeyError, OSError):  # a wheel without this format
            continue
        encoded.append((name, buffer.getvalue()))
    gray = " ".join(map(str, np.asarray(photo.convert("L")).ravel()))
    encoded.append(("text.pgm", f"P2\n{WIDTH} {HEIGHT} 255\n{gray}\n".encode()))
    encoded.append(("runs.bmp", bmp(WIDTH, HEIGHT, b"\x28\x07\0\0" * HEIGHT + b"\0\1")))
    return tuple(encoded)


def sound() -> Files:
    """Yield a photo of each format and kind, none of them damaged."""
    yield from _encoded()


def bombs() -> Files:
    """Yield files that claim, or unpack to, far more than they hold."""
    side = BOMB_SIDE
    for name, make in _BOMBS.items():
        yield f"bomb-{name}", make(side)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return an RGB PNG of that size with these chunks (kind, content), which need not hold its pixels."""
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in (header, *chunks, (b"IEND", b"")):
        parts += [struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(kind + content))]
    return b"".join(parts)


def bmp(width: int, height: int, runs: bytes) -> bytes:
    """Return a run-length encoded BMP of that size."""
    start = 14 + 40 + 1024
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + info + bytes(1024) + runs


def tiff(width: int, height: int, data: bytes, *entries: tuple[int, int]) -> bytes:
    """Return a deflated gray TIFF of that size with these further entries (tag, number); `data` is its only strip."""
    tags = {256: width, 257: height, 258: 8, 259: 8, 262: 1, 273: 0, 277: 1, 279: len(data), **dict(entries)}
    start = 8 + 2 + 12 * len(tags) + 4
    tags |= {tag: start for tag in (273, 324) if tag in tags}
    directory = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<LH", 8, len(tags)) + directory + bytes(4) + data


def jpeg(width: int, height: int, more: bytes = b"", times: int = 0) -> bytes:
    """Return a progressive JPEG that claims that size, `more` put `times` times behind its first two bytes."""
    content = bytearray(dict(_encoded())["progressive.jpg"])
    frame = content.index(b"\xff\xc2") + 5
    content[frame : frame + 4] = struct.pack(">HH", height, width)
    return bytes(content[:2] + more * times + content[2:])


def _overlapping(side: int) -> bytes:
    """Return a TIFF whose every tag holds the whole file."""
    head = b"II*\0" + struct.pack("<LH", 8, 65535)
    return head + b"".join(struct.pack("<HHLL", tag, 7, 25 * side, 0) for tag in range(65535)) + bytes(4)


def _scans(side: int) -> bytes:
    """Return a JPEG with thousands of scans over as many pixels as are allowed."""
    whole = jpeg(6000, 6000)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (side // 10) + whole[-2:]


_SPACES = zlib.compress(bytes(50_000_000))
_BOMBS: dict[str, Callable[[int], bytes]] = {
    "size.png": lambda side: png(side, side, (b"IDAT", _SPACES)),
    "text.png": lambda _: png(2, 2, *[(b"zTXt", b"a\0\0" + _SPACES)] * 8),
    "profile.png": lambda _: png(2, 2, (b"iCCP", b"a\0\0" + _SPACES), (b"IDAT", b"")),
    "chunks.png": lambda side: png(2, 2, *[(b"tEXt", b"a\0b")] * (10 * side)),
    "size.gif": lambda side: (
        b"GIF89a" + struct.pack("<HH", side, side) + bytes(3) + b",\0\0\0\0\xff\xff\xff\xff\0\2\0;"
    ),
    "comments.gif": lambda side: b"GIF89a\2\0\2\0\0\0\0" + b"!\xfe\1a\0" * (10 * side),
    "size.bmp": lambda side: bmp(side, side, b"\0\1"),
    "size.ppm": lambda side: b"P6 %d %d 255\n" % (side, side),
    "size.tif": lambda side: tiff(side, side, _SPACES),
    "tile.tif": lambda side: tiff(64, 64, _SPACES, (322, side), (323, side), (324, 0), (325, len(_SPACES))),
    "tags.tif": _overlapping,
    "size.jpg": lambda side: jpeg(side, side),
    "coefficients.jpg": lambda _: jpeg(13_000, 13_000),
    "segments.jpg": lambda side: jpeg(40, 30, b"\xff\xe1\0\x09Exif\0\0a", 10 * side),
    "scans.jpg": _scans,
    "size.webp": lambda _: b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\xff\x3f\0\xff\x3f\0VP8L\0\0\0\0",
}
