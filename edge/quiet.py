"""Keeping Pillow's remarks on odd files from the user: a photo is read, or a PhotoError says why not."""

import logging
import threading
import warnings
from contextlib import ExitStack


class _PillowQuiet:
    """A context in which Pillow neither warns nor logs to stderr; any number of threads may be in it.

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

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._restore.close()


PILLOW_QUIET = _PillowQuiet()
