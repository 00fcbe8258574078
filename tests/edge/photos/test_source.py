"""Whatever a photo may come in; what is no photo is the caller's mistake and no damage."""

import io
import mmap
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edge_cifar.edge.data.synthetic_shapes import render
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos import source
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.source import SMALL_FILE
from pictures import encode
from PIL import Image

LARGE = encode(Image.effect_noise((400, 400), 60).convert("RGB"), "JPEG", quality=95)
SMALL = encode(render("star", 40, 30, np.random.RandomState(0)), "PNG")

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


class Raw(io.RawIOBase):
    """A stream without a buffer: each read gives a little, as a socket's does."""

    def __init__(self, content: bytes, seekable: bool = False):
        self._file, self._seekable = io.BytesIO(content), seekable

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(memoryview(buffer)[:1000])


class OnlyRead:
    """The least that a stream may be."""

    def __init__(self, content: bytes):
        self.read = io.BytesIO(content).read


class Upload:
    """An upload of a framework that is awaited, as Starlette's, with the file beside it."""

    def __init__(self, content: bytes):
        self.file = tempfile.SpooledTemporaryFile(max_size=1)  # noqa: SIM115, closed by the test
        self.file.write(content)

    async def read(self, size: int = -1) -> bytes:
        raise NotImplementedError(size)


class Field:
    """An upload that has its file and no methods of its own, as aiohttp's."""

    def __init__(self, content: bytes):
        self.file = io.BytesIO(content)


class Storage:
    """An upload that passes everything on to its stream, as Werkzeug's."""

    def __init__(self, content: bytes):
        self.stream = io.BytesIO(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def spooled(content: bytes) -> Any:
    file = tempfile.SpooledTemporaryFile()  # noqa: SIM115, closed by the test
    file.write(content)
    return file


def mapped(content: bytes) -> mmap.mmap:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return mmap.mmap(file.fileno(), 0)


@pytest.mark.parametrize("content", [SMALL, LARGE])
@pytest.mark.parametrize(
    "way",
    [
        bytearray, memoryview, mapped, io.BytesIO, Raw, lambda content: Raw(content, seekable=True), OnlyRead, Upload,
        Field, Storage, spooled, lambda content: memoryview(content).cast("b"),
    ],
)  # fmt: skip
def test_every_way_to_hold_a_photo_gives_the_same_pixels(content: bytes, way: Any) -> None:
    photo = way(content)
    assert np.array_equal(read_photo(photo, 8), read_photo(content, 8))
    if not isinstance(photo, OnlyRead | Raw):
        assert np.array_equal(read_photo(photo, 8), read_photo(content, 8))  # again, from its start
    for file in (photo, getattr(photo, "file", None)):
        if isinstance(file, tempfile.SpooledTemporaryFile):
            file.close()


@pytest.mark.parametrize("content", [SMALL, LARGE])
@pytest.mark.parametrize("buffering", [0, -1])
def test_files_and_paths_of_every_kind(content: bytes, buffering: int, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(content)
    expected = read_photo(content, 8)
    with path.open("rb", buffering=buffering) as file:
        assert np.array_equal(read_photo(file, 8), expected)
    with os.scandir(os.fsencode(tmp_path)) as entries:  # paths in bytes
        assert np.array_equal(read_photo(next(entries), 8), expected)


@pytest.mark.parametrize(
    "photo",
    [
        None, 3, 3.5, True, [1, 2], ["a.jpg"], {"a": 1}, (), object(), np.float32(1), Path, range(3),
        np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.int64), np.zeros((4, 4), bool), io.StringIO("text"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_a_type_error(photo: Any) -> None:
    with pytest.raises(TypeError, match=r"expected|open it for reading bytes"):
        read_photo(photo, 8)


@pytest.mark.parametrize("shape", [(4, 4, 2), (4, 4, 5), (3, 32, 32), (4,), (0, 4, 3), (4, 0), (1, 4, 4, 3), ()])
def test_arrays_of_other_shapes_are_value_errors(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"<ndarray>: expected uint8 .*, got uint8 ") as caught:
        read_photo(np.zeros(shape, np.uint8), 8)
    assert str(shape) in str(caught.value)


def test_text_files_closed_files_and_files_to_write_are_the_callers_mistake(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(LARGE)
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match="open it for reading bytes"):
        read_photo(file, 8)  # type: ignore[arg-type]
    with path.open("rb") as photo:
        pass
    with pytest.raises(ValueError, match="the file is closed"):
        read_photo(photo, 8)
    with (tmp_path / "new").open("wb") as new, pytest.raises(ValueError, match="open the file for reading"):
        read_photo(new, 8)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
@pytest.mark.parametrize("loaded", [False, True])
def test_closed_images_are_the_callers_mistake(file_format: str, loaded: bool) -> None:
    with Image.open(io.BytesIO(encode(Image.new("L", (8, 8)), file_format))) as image:
        if loaded:
            image.load()
        assert read_photo(image, 8).shape == (8, 8, 4)
        image.close()
        with pytest.raises(ValueError, match="closed"):
            read_photo(image, 8)


def test_an_image_without_pixels_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="0 x 4 pixels"):
        read_photo(Image.new("L", (0, 4)), 8)


def test_an_async_read_is_a_type_error_that_says_so() -> None:
    class Stream:
        async def read(self, size: int = -1) -> bytes:
            raise NotImplementedError(size)

    class Hidden:
        def read(self, size: int = -1) -> Any:
            return Stream().read(size)

    for stream in (Stream(), Hidden()):
        with pytest.raises(TypeError, match="is async; await it and pass the bytes"):
            read_photo(stream, 8)


def test_arrays_of_one_channel_are_gray() -> None:
    gray = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert np.array_equal(read_photo(gray[..., None], 8), read_photo(gray, 8))


def test_a_fourth_channel_of_zeros_is_padding() -> None:
    colours = np.random.RandomState(0).randint(0, 256, (8, 8, 4)).astype(np.uint8)
    colours[..., 3] = 0
    assert np.array_equal(read_photo(colours, 8), read_photo(colours[..., :3], 8))


@pytest.mark.parametrize("photo", [b"", bytearray(), io.BytesIO(), OnlyRead(b""), Raw(b"")])
def test_nothing_is_empty(photo: Any) -> None:
    with pytest.raises(PhotoError, match=r"<\w+>: empty|<BytesIO>: not a photo"):
        read_photo(photo, 8)


@pytest.mark.parametrize(
    ("name", "words"),
    [("", '"": an empty name'), ("a\0.jpg", "a name that no file can have"), ("a" * 300, "name too long")],
)
def test_names_that_no_file_can_have(name: str, words: str) -> None:
    with pytest.raises(PhotoError, match=rf"(?i){words}"):
        read_photo(name, 8)


def test_a_stream_that_has_nothing_yet_is_told() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with os.fdopen(read_end, "rb", buffering=0) as file, pytest.raises(PhotoError, match="has nothing yet"):
        read_photo(file, 8)
    os.close(write_end)


@needs_pipes
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match=r"pipe\.jpg: empty: a pipe that nobody writes to"):
        read_photo(tmp_path / "pipe.jpg", 8)


@needs_pipes
def test_a_pipe_whose_writer_is_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PIPE_SECONDS", 0.01)
    os.mkfifo(tmp_path / "pipe.jpg")
    writer = os.open(tmp_path / "pipe.jpg", os.O_RDWR)
    with pytest.raises(PhotoError, match="nothing came for"):
        read_photo(tmp_path / "pipe.jpg", 8)
    os.close(writer)


@needs_pipes
def test_a_pipe_that_is_named_is_read_to_its_end() -> None:
    read_end, write_end = os.pipe()

    def write() -> None:
        with os.fdopen(write_end, "wb") as file:
            file.write(LARGE)

    thread = threading.Thread(target=write)
    thread.start()
    assert np.array_equal(read_photo(f"/dev/fd/{read_end}", 8), read_photo(LARGE, 8))
    thread.join()
    os.close(read_end)


@needs_pipes
def test_dev_stdin_is_read_by_the_command_line() -> None:
    command = (sys.executable, "-m", "edge_cifar.edge", "predict", "/dev/stdin", "--model", "nano")
    for content, words in ((LARGE, b"/dev/stdin: "), (b"", b"/dev/stdin: empty")):
        done = subprocess.run(command, input=content, capture_output=True, check=False)
        assert words in done.stdout + done.stderr
        assert done.returncode == (0 if content else 1)


@pytest.mark.parametrize("length", [SMALL_FILE, SMALL_FILE + 1])
def test_files_around_the_limit_of_reading_at_once(length: int, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(SMALL + bytes(length - len(SMALL)))
    assert np.array_equal(read_photo(path, 8), read_photo(SMALL, 8))


def test_no_file_stays_open(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not show open files")
    path = tmp_path / "photo.jpg"
    before = len(list(Path("/proc/self/fd").iterdir()))
    for content in (LARGE, LARGE[:-500], b"", SMALL, SMALL[:40]):
        path.write_bytes(content)
        with suppress(PhotoError):
            read_photo(path, 8)
    with pytest.raises(PhotoError):
        read_photo(tmp_path, 8)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
