"""Keeping Pillow's remarks on odd files from the user: a photo is read, or a PhotoError says why not."""

import ctypes
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from PIL import _imaging


class _PillowQuiet:
    """A context in which Pillow and its libtiff write nothing to stderr; any number of threads may be in it.

    `warnings.catch_warnings` saves and restores the filters of the whole process, so that threads which overlap
    would restore each other's: here the first one in changes them and the last one out restores them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._restore = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._restore.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=r"PIL\.")
                handler = logging.NullHandler()  # without one, logging's last resort is stderr
                logging.getLogger("PIL").addHandler(handler)
                self._restore.callback(logging.getLogger("PIL").removeHandler, handler)
                self._restore.enter_context(_libtiff_quiet())

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._restore.close()


@contextmanager
def _libtiff_quiet() -> Iterator[None]:
    """Take away what libtiff calls to write its errors to stderr, which Pillow raises as exceptions besides."""
    set_handler = _libtiff_set_error_handler()
    before = set_handler(None)
    try:
        yield
    finally:
        set_handler(before)


@cache
def _libtiff_set_error_handler() -> Callable[[Any], Any]:
    """Return libtiff's TIFFSetErrorHandler, or what does nothing where Pillow has it under no name to be found."""
    try:
        function = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler  # found through what Pillow is linked to
    except (AttributeError, OSError):
        return lambda _: None
    function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
    return function


PILLOW_QUIET = _PillowQuiet()
