"""Photos that a caller holds in memory: images whose file is gone, arrays larger than they are, buffers, sockets."""

import array
import ctypes
import io
import signal
import socket
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo
from pictures import encode
from PIL import Image

PHOTO = encode(Image.new("RGB", (8, 8), "white"), "PNG")
FORMATS = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "PPM"]  # which Pillow decodes when it must


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("of", ["a path", "a file"])
def test_an_image_that_lost_its_file_is_the_callers_mistake(file_format: str, of: str, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    Image.new("RGB", (8, 8), "red").save(path, file_format)
    if of == "a path":
        with Image.open(path) as image:
            pass
    else:
        with path.open("rb") as file:
            image = Image.open(file)
    with pytest.raises(ValueError, match=r"ImageFile: its file was closed .*; call its load\(\) first|closed image"):
        read_photo(image, 4)


@pytest.mark.parametrize("file_format", [*FORMATS, "WEBP"])
def test_an_image_that_is_decoded_needs_no_file(file_format: str, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "white").save(tmp_path / "photo", file_format)
    with Image.open(tmp_path / "photo") as image:
        image.load()
    assert (read_photo(image, 4) == 255).all()


def test_an_array_is_held_against_the_limit_before_it_is_copied() -> None:
    shown = np.broadcast_to(np.uint8(7), (9000, 9000, 3))  # of one byte
    tracemalloc.start()
    with pytest.raises(PhotoError, match="<ndarray>: 9000 x 9000 pixels, more than the limit of 64000000"):
        read_photo(shown, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("buffer", [array.array("B", PHOTO), (ctypes.c_char * len(PHOTO)).from_buffer_copy(PHOTO)])
def test_any_buffer_of_bytes_is_a_photo(buffer: Any) -> None:
    assert (read_photo(buffer, 4) == 255).all()


@pytest.mark.parametrize("buffer", [array.array("f", [1.0]), np.float32(3), np.uint8(3)])
def test_a_buffer_of_numbers_is_none(buffer: Any) -> None:
    with pytest.raises(TypeError, match="expected a path, bytes"):
        read_photo(buffer, 4)


def test_a_stream_that_ran_out_of_time_is_no_damage() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.01)
        with ours.makefile("rb") as stream, pytest.raises(PhotoError, match=r": can't be read \(timed out\)"):
            read_photo(stream, 4)


class Alarming(io.BytesIO):
    """A file in the midst of whose reading the alarm of the host program goes off."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size:
            signal.raise_signal(signal.SIGTERM)
        return super().read(size)


def test_the_hosts_timeout_is_no_damaged_photo() -> None:
    def ends(*_: object) -> None:
        raise TimeoutError("took too long")

    before = signal.signal(signal.SIGTERM, ends)
    try:
        with pytest.raises(TimeoutError, match="took too long"):
            read_photo(Alarming(PHOTO), 4)
    finally:
        signal.signal(signal.SIGTERM, before)
