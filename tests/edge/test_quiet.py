import contextlib
import io
import logging
import warnings

import pytest
from edge_cifar.edge.quiet import PILLOW_QUIET
from PIL import Image


def pillow_warns(text: str) -> None:
    """Warn as code in Pillow does."""
    warnings.warn_explicit(text, UserWarning, filename="PIL/Image.py", lineno=1, module="PIL.Image")


def test_pillow_is_quiet_inside_and_heard_outside() -> None:
    with PILLOW_QUIET:
        pillow_warns("odd file")
    with pytest.warns(UserWarning, match="odd file"):
        pillow_warns("odd file")


def test_only_pillow_is_quiet() -> None:
    with PILLOW_QUIET, pytest.raises(UserWarning, match="someone else's"):
        warnings.warn("someone else's", stacklevel=1)


def test_the_last_of_overlapping_readers_restores_the_filters() -> None:
    before = list(warnings.filters)
    with PILLOW_QUIET:  # as one thread
        PILLOW_QUIET.__enter__()  # and another, which leaves later than it
    pillow_warns("odd file")
    PILLOW_QUIET.__exit__()
    assert warnings.filters == before
    assert logging.getLogger("PIL").handlers == []


def test_pillows_log_does_not_reach_stderr(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as in a program that sets up no logging
    with PILLOW_QUIET:
        logging.getLogger("PIL.TiffImagePlugin").error("odd file")
    assert capfd.readouterr().err == ""


def test_libtiff_writes_nothing_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    buffer = io.BytesIO()
    Image.new("L", (64, 64)).save(buffer, "TIFF", compression="tiff_deflate")
    photo = bytearray(buffer.getvalue())
    start = photo.index(b"\x78\x9c")  # of the deflated strip
    photo[start : start + 4] = b"\xff" * 4

    def decode() -> None:
        with Image.open(io.BytesIO(photo)) as image, contextlib.suppress(OSError):
            image.load()

    with PILLOW_QUIET:
        decode()
    assert capfd.readouterr().err == ""
    decode()
    assert "ZIPDecode" in capfd.readouterr().err  # it is heard again outside
