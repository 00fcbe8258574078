"""The mark by which this program knows a file that it wrote itself, and that nobody has changed since.

Each kind of file carries it where it has a place for such things: JSON as its first key, PNG and JPEG as the name of
the software, Markdown, HTML, SVG and TOML as a comment in the last line. In it stands a checksum of all the rest, so
that a report with somebody's notes in it is theirs. A model file is known by its seal, weights by their metadata.
"""

import re
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from ..errors import EdgeCifarError

PROGRAM = "edge-cifar"
JSON_KEY = "generator"

_PNG, _PNG_HEADER = b"\x89PNG\r\n\x1a\n", 33  # bytes: the signature and the chunk IHDR (PNG, 5.2 and 11.2.1)
_JPEG, _JFIF = b"\xff\xd8", b"\xff\xe0"
_JSON = b"{\n"
_ONNX = b"\x12%c%s" % (len(PROGRAM), PROGRAM.encode())  # ModelProto.producer_name, behind two bytes of ir_version
_WEIGHTS = (b'{"__metadata__":{"best":"{', b'{"__metadata__":{"progress":"{')  # behind eight bytes of length

_Make = Callable[[str], bytes]  # the mark, from what it says


def marked(data: bytes, suffix: str) -> bytes:
    """Return a file's bytes with the mark in them; those of a kind that has no place for one, as they are.

    `suffix` is the end of the file's name, which tells kinds of text apart.
    """
    make = _kind(data, suffix)
    if make is None:
        return data
    if make in (_as_tag, _as_comment) and not data.endswith(b"\n"):
        data += b"\n"
    place = _place(data, make)
    return data[:place] + make(f"{PROGRAM} {zlib.crc32(data):08x}") + data[place:]


def is_own(path: Path) -> bool:
    """Return whether `path` is a file that carries the mark. A link is none, nor is what can't be read."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(64)
            if head.startswith(_WEIGHTS, 8):
                return True
            data = head + file.read()
    except OSError:
        return False
    return _is_sealed(data, path) if head.startswith(_ONNX, 2) else _is_marked(data, path)


def is_own_picture(path: Path) -> bool:
    """Return whether `path` is a PNG or JPEG that carries the mark, such as a drawn photo; of others little is read."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return head.startswith((_PNG, _JPEG)) and PROGRAM.encode() in head and is_own(path)


def _is_sealed(data: bytes, path: Path) -> bool:
    from ..model.onnx_file import SEAL_KEY, check_seal

    found = re.search(re.escape(SEAL_KEY.encode()) + rb"\x12\x40([0-9a-f]{64})", data)
    try:
        check_seal(data, found[1].decode() if found else "", path)
    except EdgeCifarError:
        return False
    return True


def _is_marked(data: bytes, path: Path) -> bool:
    make = _kind(data, path.suffix)
    if make is None:
        return False
    length = len(make(f"{PROGRAM} {0:08x}"))
    place = min(_place(data, make), len(data) - length)
    return place > 0 and marked(data[:place] + data[place + length :], path.suffix) == data


def _kind(data: bytes, suffix: str) -> _Make | None:
    """Return what makes the mark of a kind of file."""
    if data.startswith(_PNG):
        return _as_chunk
    if data.startswith(_JPEG):
        return _as_segment
    if data.startswith(_JSON):
        return _as_key
    if data.startswith(b"<") or suffix.lower() == ".md":
        return _as_tag
    return _as_comment if suffix.lower() in ("", ".toml") else None


def _place(data: bytes, make: _Make) -> int:
    """Return where in a file without the mark it goes."""
    if make is _as_chunk:
        return _PNG_HEADER
    if make is _as_segment:  # behind the segment APP0, which JFIF wants first
        return 4 + int.from_bytes(data[4:6], "big") if data[2:4] == _JFIF else 2
    return len(_JSON) if make is _as_key else len(data)


def _as_chunk(words: str) -> bytes:
    chunk = b"tEXtSoftware\0" + words.encode()
    return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))


def _as_segment(words: str) -> bytes:  # a comment (ITU T.81, B.2.4.5)
    return b"\xff\xfe" + struct.pack(">H", len(words) + 2) + words.encode()


def _as_key(words: str) -> bytes:
    return f'  "{JSON_KEY}": "{words}",\n'.encode()


def _as_tag(words: str) -> bytes:
    return f"<!-- Written by {words}. -->\n".encode()


def _as_comment(words: str) -> bytes:
    return f"# Written by {words}.\n".encode()
