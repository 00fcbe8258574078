"""What is opened: the content of a photo, out of whatever a caller has it in.

What no photo could ever be in, as a list or a text file, is the caller's mistake: TypeError or ValueError. What is
wrong with one photo, as a missing file, is a PhotoError.
"""

import io
import mmap
import os
import select
import stat
from contextlib import ExitStack, suppress
from inspect import iscoroutinefunction
from os import PathLike
from typing import Any, BinaryIO, Protocol, Self, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import PhotoError
from .limits import JPEG, MAX_FILE_BYTES, decoding_cost


class Readable(Protocol):
    """A file, a stream or an upload that is read in bytes."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Read as files do."""


class Upload(Protocol):
    """An upload that holds its file, as those of web frameworks whose own `read` is to be awaited."""

    @property
    def file(self) -> Any:
        """The file."""


class Piped(bytes):
    """A photo that came through a pipe, which can be read but once; `name` is what messages call it."""

    name: str

    def __new__(cls, content: bytes | bytearray, name: str) -> Self:
        """Hold what came."""
        piped = super().__new__(cls, content)
        piped.name = name
        return piped


Photo: TypeAlias = (
    str
    | PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | mmap.mmap
    | BinaryIO
    | Readable
    | Upload
    | Image.Image
    | npt.NDArray[np.uint8]
)
Content: TypeAlias = bytes | BinaryIO | Image.Image

SMALL_FILE = 1 << 16
"""Bytes up to which a file is read at once: that costs less than the small reads of Pillow's plugins."""

PIECE = 1 << 20  # bytes of a stream read at a time

PIPE_SECONDS = 60
"""How long a pipe may be silent before it counts as one that nothing comes through."""

# O_BINARY: without it Windows changes bytes that end a line. O_NONBLOCK: else opening a pipe waits for its writer.
READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

ARRAYS = "expected uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
EXPECTED = "expected a path, bytes, a binary file, a Pillow image or a uint8 array"


def photo_content(photo: Photo, stack: ExitStack) -> Content:
    """Return what is in `photo`; files that are opened here are closed by `stack`.

    Raises OSError or PhotoError for what can't be opened or is empty, TypeError and ValueError for what is no photo.
    """
    if isinstance(photo, str | PathLike):
        return _file_content(os.fspath(photo), stack)
    if isinstance(photo, np.ndarray):
        return _from_array(photo)
    if isinstance(photo, Image.Image):
        _refuse_without_pixels(photo)
        return _undecoded_file(photo, stack) or photo
    if isinstance(photo, bytes | bytearray | memoryview | mmap.mmap):
        content: bytes | BinaryIO = photo if isinstance(photo, bytes) else bytes(photo)
    else:
        content = _readable(photo)
    if content == b"":
        raise PhotoError("empty (0 bytes)")
    return content


def _file_content(name: str | bytes, stack: ExitStack) -> bytes | BinaryIO:
    """Return the content of a small file or of a pipe, else the open file."""
    if not name:
        raise PhotoError("an empty name; expected a photo")
    try:
        file = os.open(name, READ_ONLY)  # Python's own file objects would double what opening and reading cost
    except ValueError as error:  # a NUL byte, or what can't be encoded
        raise PhotoError("a name that no file can have") from error
    try:
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode):
            if status.st_size == 0:
                raise PhotoError("empty file (0 bytes)")
            if status.st_size <= SMALL_FILE and len(content := os.read(file, SMALL_FILE + 1)) == status.st_size:
                return content
            opened = stack.enter_context(os.fdopen(file, "rb"))
            file = -1
            return opened
        if stat.S_ISFIFO(status.st_mode):
            return _pipe_content(file)
        if stat.S_ISDIR(status.st_mode):
            raise PhotoError("a folder; expected a photo, or a folder with photos in it")
        raise PhotoError("not a regular file")
    finally:
        if file >= 0:
            os.close(file)


def _pipe_content(pipe: int) -> bytes:
    """Return what comes through a pipe, to its end or to one byte more than is allowed; never wait for ever."""
    content = bytearray()
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while len(content) <= MAX_FILE_BYTES:
        try:
            piece = os.read(pipe, PIECE)
        except BlockingIOError as error:
            if not poll.poll(1000 * PIPE_SECONDS):
                raise PhotoError(f"a pipe through which nothing came for {PIPE_SECONDS} s") from error
            continue
        if not piece:
            break
        content += piece
    if not content:
        raise PhotoError("empty: a pipe that nobody writes to")
    return bytes(content)


def _from_array(array: npt.NDArray[np.uint8]) -> Image.Image:
    got = f"<{type(array).__name__}>: {ARRAYS}, got {array.dtype} {array.shape}"
    if array.dtype != np.uint8:
        raise TypeError(got)
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))) or 0 in array.shape:
        raise ValueError(got)
    decoding_cost("", (array.shape[1], array.shape[0]))  # before Pillow copies it
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    elif array.ndim == 3 and array.shape[2] == 4 and not array[..., 3].any():
        array = array[..., :3]  # a camera's padding, not a photo that can't be seen
    return Image.fromarray(array)


def _refuse_without_pixels(image: Image.Image) -> None:
    """Raise ValueError for an image that is closed, lost its file before it was decoded, or has no pixels."""
    if 0 in image.size:
        raise ValueError(f"{type(image).__name__}: {image.width} x {image.height} pixels")
    file = getattr(image, "fp", None)
    if getattr(image, "tile", None) and (file is None or getattr(file, "closed", False) is True):
        raise ValueError(f"{type(image).__name__}: its file was closed before it was decoded; call its load() first")
    with suppress(AssertionError):  # not decoded yet
        _ = image.im  # raises ValueError once it is closed


def _undecoded_file(image: Image.Image, stack: ExitStack) -> BinaryIO | None:
    """Return the file of a JPEG that Pillow has opened but not decoded yet, None for any other image.

    It is read as if it were given itself: the same pixels, and the image stays as it is.
    """
    if image.format not in JPEG or not getattr(image, "tile", None) or image.tell():
        return None
    file: BinaryIO | None = getattr(image, "fp", None)
    if file is not None:
        stack.callback(file.seek, file.tell())
    return file


def _readable(photo: Any) -> bytes | BinaryIO:
    """Return a file that can seek as it is, and all that comes from any other. Raises TypeError, ValueError."""
    file = photo
    if not _has_plain_read(file) and _has_plain_read(getattr(photo, "file", None)):
        file = photo.file
    if not callable(getattr(file, "read", None)):
        if (content := _buffer_content(photo)) is not None:
            return content
        raise TypeError(f"{EXPECTED}, got {type(photo).__module__}.{type(photo).__qualname__}")
    if isinstance(file, io.TextIOBase):
        raise TypeError(f"{type(photo).__name__} is a text file; open it for reading bytes ('rb')")
    if not _has_plain_read(file):
        raise TypeError(f"{type(photo).__name__}.read is async; await it and pass the bytes")
    if getattr(file, "closed", False) is True:
        raise ValueError(f"{type(photo).__name__}: the file is closed")
    try:
        if _can_seek(file):
            file.seek(0)
            _checked(file.read(0))
            return cast(BinaryIO, file)
        return _read_all(file)
    except io.UnsupportedOperation as error:  # an OSError and a ValueError
        raise ValueError(f"{type(photo).__name__}: {error}; open the file for reading") from error


def _buffer_content(photo: Any) -> bytes | None:
    """Return what is in any other object that lends its memory as bytes (`array.array`, ctypes), None without such."""
    try:
        view = memoryview(photo)
    except TypeError:
        return None
    return bytes(view) if view.ndim == 1 and view.itemsize == 1 else None


def _has_plain_read(file: Any) -> bool:
    read = getattr(file, "read", None)
    return callable(read) and not iscoroutinefunction(read)


def _can_seek(file: Any) -> bool:
    if callable(seekable := getattr(file, "seekable", None)):
        return bool(seekable())
    return callable(getattr(file, "seek", None)) and callable(getattr(file, "tell", None))


def _read_all(stream: Any) -> bytes:
    """Read to the end, or to one byte more than is allowed; a stream without a buffer gives a piece at a time."""
    content = bytearray()
    while len(content) <= MAX_FILE_BYTES and (piece := _checked(stream.read(PIECE))):
        content += piece
    return bytes(content)


def _checked(piece: Any) -> bytes:
    """Return what a `read` returned. Raises TypeError if that isn't bytes, PhotoError if it is nothing yet."""
    if piece is None:
        raise PhotoError("a stream that does not wait and has nothing yet; read it and pass the bytes")
    if isinstance(piece, bytes | bytearray | memoryview):
        return bytes(piece)
    if hasattr(piece, "__await__"):
        getattr(piece, "close", lambda: None)()  # so that nobody is told that it was never awaited
        raise TypeError("its read() is async; await it and pass the bytes")
    raise TypeError(f"its read() returned {type(piece).__name__}; expected bytes")
