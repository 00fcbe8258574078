"""The log: a line of JSON for each request and each fault, on stderr or at the end of a file that may be rotated."""

import json
import logging
import sys
import traceback
from collections.abc import Callable
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
        return lambda record: print(_line(record), file=sys.stderr)  # noqa: T201
    with suppress(FileNotFoundError), path.open("rb") as file:
        if file.read(len(START)) not in (b"", START.encode()):
            raise EdgeCifarError(f"{path}: exists already and is no log of `edge-cifar serve`; name another file")
    opened = LockedFile(path)

    def write(record: dict[str, Any]) -> None:
        with suppress(EdgeCifarError):
            opened.append([_line(record)])

    return write


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


class _Faults(logging.Handler):
    def __init__(self, log: Log):
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        about = fault(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        self._log({"level": record.levelname, "message": record.getMessage().strip(), **about})
