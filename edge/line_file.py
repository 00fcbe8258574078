"""Results in a file of lines, which a run that was stopped, or killed, goes on with."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .done import Done, read_hashes
from .errors import EdgeCifarError
from .output import write_all
from .results import LINE_FORMATS, Results


class LineFile:
    """Results in a file of lines, each written as soon as it is known; those that it held are kept."""

    def __init__(self, path: Path):
        self._form = LINE_FORMATS[path.suffix]
        self._path = path
        self._done = Done(read_hashes(path, self._form.name_in, self._form.start, self._form.header))
        is_new = not path.exists() or path.stat().st_size == 0
        self._header = [self._form.header] if is_new and self._form.header else []

    def __contains__(self, path: str) -> bool:
        return self._form.name(path) in self._done

    def write(self, results: Results) -> None:
        """Append the results."""
        append_lines(self._path, self._header + [self._form.line(path, result) for path, result in results])
        self._header = []

    def close(self) -> None:
        """Do nothing: each line is in the file already."""


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Append whole lines to a file, all or none; it is opened anew, so that it may be moved away in between.

    Raises EdgeCifarError, naming the file.
    """
    data = "".join(f"{line}\n" for line in lines).encode()
    try:
        with path.open("ab", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            try:
                write_all(file, data)
            except OSError:  # a full disk takes a part
                with suppress(OSError):
                    file.truncate(size)
                raise
    except OSError as error:
        raise EdgeCifarError(f"cannot write {path}: {error.strerror or error}") from error
