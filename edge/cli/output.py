"""Where results go, always in whole lines: to the screen, or to a file that a killed run goes on with."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from ..errors import EdgeCifarError
from ..files.write_all import write_all
from ..inference.prediction import Result
from ..results.text_line import text_line

if TYPE_CHECKING:
    from ..results.rows import Origin

ATOMIC = 4096  # bytes: a pipe takes so many at once or none (PIPE_BUF on Linux), even when the program is being stopped


class Output(Protocol):
    """Something that results are written to."""

    def __contains__(self, path: str) -> bool:
        """Return whether it holds the result of `path` from an earlier run."""

    def write(self, results: Sequence[Result]) -> None:
        """Write some results, in order. Raises EdgeCifarError, naming the file, when that fails."""

    def close(self, stopped: bool = False) -> None:
        """Write what is left; `stopped` says that there would have been more."""


def open_output(
    path: Path | None, resume: bool, as_json: bool, origin: "Origin | None" = None, *, retry_errors: bool = False
) -> Output:
    """Open a results file, to be continued or else new, or the screen where `path` is None.

    `origin` is written with each result; `retry_errors` takes the errors out of a file that is continued. Raises
    EdgeCifarError when the file exists already, can't be continued, is in use, or is of no known kind.
    """
    if path is None:
        return Screen(as_json, origin)
    kind = path.suffix.lower()
    is_parquet = kind == ".parquet"
    if os.path.lexists(path) and not resume:
        how = "Parquet can't be continued" if is_parquet else "--resume goes on with it"
        raise EdgeCifarError(f"{path}: exists already; {how}{';' if is_parquet else ', or'} name another file")
    if is_parquet:
        from ..results.parquet_file import ParquetFile

        return ParquetFile(path, resume, origin, partial(typer.echo, err=True))
    from ..results.rows import LINE_FORMATS  # here and below, since a start without a file need not load it

    if kind not in LINE_FORMATS:
        raise EdgeCifarError(f"{path}: unknown kind of file; expected .jsonl, .csv or .parquet")
    from ..results.line_file import LineFile

    file = LineFile(path, origin, is_new=not resume, retry_errors=retry_errors)
    if not file.is_locked:
        typer.echo(f"{path}: its file system knows no locks; let nothing else write to it", err=True)
    return file


@contextmanager
def ended(output: Output) -> Iterator[Output]:
    """Close `output` in the end, and tell it if that comes early."""
    try:
        yield output
    except BaseException:
        output.close(stopped=True)
        raise
    output.close()


class Screen:
    """Results on stdout, a line each; in the form for people, errors on stderr."""

    def __init__(self, as_json: bool, origin: "Origin | None" = None):
        self._as_json, self._origin = as_json, origin

    def __contains__(self, path: str) -> bool:
        return False

    def write(self, results: Sequence[Result]) -> None:
        """Write whole lines at once, past Python's own buffer, which would be emptied in the midst of a line."""
        write_lines(self._json_lines(results) if self._as_json else self._text_lines(results))

    def _json_lines(self, results: Sequence[Result]) -> list[str]:
        from ..results.rows import row

        return [json.dumps(row(result, self._origin)) for result in results]

    def _text_lines(self, results: Sequence[Result]) -> list[str]:
        for result in results:
            if result.error is not None:
                typer.echo(f"edge-cifar predict: {result.error}", err=True)
        return [text_line(str(each.source), each.prediction) for each in results if each.prediction is not None]

    def close(self, stopped: bool = False) -> None:
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
