"""Where results go, always in whole lines: to the screen, or to a file that a killed run goes on with."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import typer

from .errors import EdgeCifarError, PhotoError
from .results import LINE_FORMATS, Results, json_line, text_line

ATOMIC = 4096  # bytes: a pipe takes so many at once or none (PIPE_BUF on Linux), even when the program is being stopped


class Output(Protocol):
    """Something that results are written to."""

    def __contains__(self, path: str) -> bool:
        """Return whether it holds the result of `path` from an earlier run."""

    def write(self, results: Results) -> None:
        """Write some results, in order. Raises EdgeCifarError, naming the file, when that fails."""

    def close(self) -> None:
        """Write what is left."""


def open_output(path: Path | None, resume: bool, as_json: bool) -> Output:
    """Open a results file, to be continued or else new, or the screen where `path` is None.

    Raises EdgeCifarError when the file exists already, can't be continued, or is of no known kind.
    """
    if path is None:
        return Screen(as_json)
    if path.exists() and not resume:
        raise EdgeCifarError(f"{path}: exists already; --resume goes on with it, or name another file")
    if path.suffix == ".parquet":
        from .parquet import ParquetFile

        return ParquetFile(path, resume)
    if path.suffix not in LINE_FORMATS:
        raise EdgeCifarError(f"{path}: unknown kind of file; expected .jsonl, .csv or .parquet")
    from .line_file import LineFile  # here, since a start without a file need not load it

    return LineFile(path)


class Screen:
    """Results on stdout, a line each; in the form for people, errors on stderr."""

    def __init__(self, as_json: bool):
        self._as_json = as_json

    def __contains__(self, path: str) -> bool:
        return False

    def write(self, results: Results) -> None:
        """Write whole lines at once, past Python's own buffer, which would be emptied in the midst of a line."""
        lines = []
        for path, result in results:
            if self._as_json:
                lines.append(json_line(path, result))
            elif isinstance(result, PhotoError):
                typer.echo(f"edge-cifar predict: {result}", err=True)
            else:
                lines.append(text_line(path, result))
        write_lines(lines)

    def close(self) -> None:
        """Do nothing: each line is out already."""


def write_lines(lines: Sequence[str]) -> None:
    """Write lines to stdout, in pieces that a pipe takes whole."""
    if sys.stdout is None:  # closed by whoever started us
        return
    sys.stdout.flush()
    raw = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)  # without a buffer when Python runs with -u
    piece = b""
    for line in lines:
        data = f"{line}\n".encode(sys.stdout.encoding, sys.stdout.errors or "strict")
        if len(piece) + len(data) > ATOMIC:
            write_all(raw, piece)
            piece = b""
        piece += data
    write_all(raw, piece)


def write_all(file: BinaryIO | io.RawIOBase, data: bytes) -> None:
    """Write all of `data`, of which a raw file takes as much at a time as it likes."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
