"""Lists of photos: files, pipes and stdin that name them, read as they come."""

import codecs
import os
from collections.abc import Iterator

from ..errors import DataError

READ = 1 << 16  # bytes of a list read at a time
BOM = codecs.BOM_UTF8
LONGEST = 1 << 20  # bytes of a name: far beyond what any system opens, so that what is no list is not read for ever
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_list(path: str) -> Iterator[str | None]:
    """Yield the paths in the file `path`, or on stdin if that is "-"; and None where the next may be long in coming.

    They stand one a line, or each ends in a NUL byte, as `find -print0` writes them: which of the two is known with
    the first that is read. Windows' line ends are understood, and its marks at the start of UTF-8 and UTF-16.
    Raises DataError.
    """
    try:
        with open(0 if path == "-" else path, "rb", buffering=0, closefd=path != "-") as file:
            pieces = iter(lambda: file.read(READ), b"")
            start = b""
            for piece in pieces:
                start += piece
                if len(start) >= len(BOM) or not any(mark.startswith(start) for mark in (BOM, *UTF_16)):
                    break
                yield None
            encoding = UTF_16.get(start[:2])
            yield from _names(
                _recoded(start, pieces, encoding) if encoding else _chained(start.removeprefix(BOM), pieces)
            )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except UnicodeError as error:
        raise DataError(f"{path}: broken UTF-16; save the list as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; expected a list of photos") from error


def _chained(start: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from pieces


def _recoded(start: bytes, pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield UTF-16 as the system writes names."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in _chained(start[2:], pieces):
        yield os.fsencode(decoder.decode(piece))
    decoder.decode(b"", final=True)


def _names(pieces: Iterator[bytes]) -> Iterator[str | None]:
    rest, separator = b"", b""
    for piece in pieces:
        text = rest + piece
        separator = separator or (b"\0" if b"\0" in text else b"\n" if b"\n" in text else b"")
        if separator == b"\n" and b"\0" in text:
            raise DataError("line breaks first, then NUL bytes; a list has either")
        *whole, rest = text.split(separator) if separator else [text]
        if len(rest) > LONGEST:
            raise DataError("a line without an end; expected a list of photos")
        yield from (name for each in whole if (name := _name(each, separator)))
        yield None
    if name := _name(rest, separator or b"\n"):
        yield name


def _name(text: bytes, separator: bytes) -> str:
    """Return a path as Python has it; of a list of lines, without the carriage return of a Windows line."""
    return os.fsdecode(text.removesuffix(b"\r") if separator == b"\n" else text)
