"""The log: a line of JSON for each request and each fault, on stderr or at the end of a file that may be rotated."""

import asyncio
import json
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import EdgeCifarError
from ..results.line_file import LockedFile

START = '{"time": '
LONGEST = 200  # characters of a path, which a client chooses

Log = Callable[[dict[str, Any]], None]
"""Writes one record; says nothing of it if that fails: a full disk stops no answer."""


def open_log(path: Path | None) -> Log:
    """Return what writes records to stderr, or to the end of a file.

    Raises EdgeCifarError for a file that isn't such a log, can't be written, or is another server's.
    """
    if path is None:
        return _Log(lambda lines: sys.stderr.write("".join(f"{line}\n" for line in lines)))
    with suppress(FileNotFoundError), path.open("rb") as file:
        if file.read(len(START)) not in (b"", START.encode()):
            raise EdgeCifarError(f"{path}: exists already and is no log of `edge-cifar serve`; name another file")
    opened = LockedFile(path)

    def append(lines: Sequence[str]) -> None:
        with suppress(EdgeCifarError):
            opened.append(lines)

    return _Log(append)


def log_faults(log: Log) -> None:
    """Have what the libraries say of faults in the log, too."""
    for name in ("uvicorn.error", "asyncio", "python_multipart"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_Faults(log)], False
        logger.setLevel(logging.WARNING)


def fault(error: BaseException) -> dict[str, Any]:
    """Return what a record says of an exception that nobody foresaw."""
    return {"error": repr(error)[:LONGEST], "traceback": "".join(traceback.format_exception(error))}


def _line(record: dict[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": now, **record})


class _Log:
    """Writes at once what one turn of the event loop brings: photos are answered together, and writing is slow."""

    def __init__(self, write: Callable[[Sequence[str]], object]):
        self._write = write
        self._lines: list[str] = []

    def __call__(self, record: dict[str, Any]) -> None:
        self._lines.append(_line(record))
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_soon(self._flush)
            except RuntimeError:  # before the server runs, or after
                self._flush()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        self._write(lines)


class _Faults(logging.Handler):
    def __init__(self, log: Log):
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        about = fault(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        self._log({"level": record.levelname, "message": record.getMessage().strip(), **about})
