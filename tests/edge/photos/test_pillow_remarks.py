"""Pillow's remarks, in processes of their own: what is silenced there stays so."""

import io
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo
from PIL import Image

REMARKS = """
import contextlib, io, logging, warnings
from PIL import Image
{setup}
warnings.warn_explicit("odd file", UserWarning, filename="PIL/Image.py", lineno=1, module="PIL.Image")
logging.getLogger("PIL.TiffImagePlugin").error("odd file")
with Image.open({path!r}) as image, contextlib.suppress(OSError):
    image.load()
"""
QUIETLY = "from edge_cifar.edge.photos.pillow_remarks import quieten_pillow; quieten_pillow()"


@pytest.fixture
def damaged_tiff(tmp_path: Path) -> Path:
    buffer = io.BytesIO()
    Image.new("L", (64, 64)).save(buffer, "TIFF", compression="tiff_deflate")
    photo = bytearray(buffer.getvalue())
    start = photo.index(b"\x78\x9c")  # of the deflated strip
    photo[start : start + 4] = b"\xff" * 4
    path = tmp_path / "damaged.tif"
    path.write_bytes(photo)
    return path


def stderr_of(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False).stderr


def test_pillow_its_log_and_libtiff_are_silenced_for_good(damaged_tiff: Path) -> None:
    heard = stderr_of("-c", REMARKS.format(setup="", path=str(damaged_tiff)))
    assert heard.count("odd file") == 2
    assert "ZIPDecode" in heard
    assert stderr_of("-c", REMARKS.format(setup=QUIETLY, path=str(damaged_tiff))) == ""


def test_only_pillow_is_silenced() -> None:
    assert "someone else's" in stderr_of("-c", f'{QUIETLY}; import warnings; warnings.warn("someone else\'s")')


def test_the_command_line_says_nothing_but_its_own(damaged_tiff: Path) -> None:
    said = stderr_of("-m", "edge_cifar.edge", "predict", str(damaged_tiff), "--model", "nano")
    assert "ZIPDecode" not in said
    assert "Warning" not in said


def test_the_library_leaves_the_process_as_it_was(damaged_tiff: Path) -> None:
    filters, show, handlers = list(warnings.filters), warnings.showwarning, list(logging.getLogger("PIL").handlers)
    during: list[object] = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            during.append((list(warnings.filters), warnings.showwarning, list(logging.getLogger("PIL").handlers)))
            return super().read(size)

    with pytest.raises(PhotoError):
        read_photo(Slow(damaged_tiff.read_bytes()), 8)
    assert len(during) > 1
    assert all(state == (filters, show, handlers) for state in during)
