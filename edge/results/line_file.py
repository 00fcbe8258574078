"""Results in a file of lines, which a run that was stopped, or killed, goes on with."""

import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from io import FileIO
from pathlib import Path

from ..errors import EdgeCifarError
from ..files.atomic_write import flush_folder, temporary_beside
from ..files.file_lock import lock
from ..files.write_all import write_all
from ..inference.prediction import Result
from .resume_index import Done, Found, read_hashes, records
from .rows import LINE_FORMATS, LineFormat, Origin

PATIENCE = 2.0  # seconds that another process may take for what it writes, before it is said to hold the file
LOOK = 0.01  # seconds between two looks


class LineFile:
    """Results in a file of lines, each written as soon as it is known; those that it held are kept.

    No other process can open it as long as it is open.
    """

    def __init__(self, path: Path, origin: Origin | None = None, *, is_new: bool = False, retry_errors: bool = False):
        """Open the file, which must not exist if `is_new`; `retry_errors` removes the errors in it.

        Raises EdgeCifarError, the file left as it was, when it holds anything but results of this `origin`.
        """
        self._form: LineFormat = LINE_FORMATS[path.suffix.lower()](origin)
        self._path, self._origin = path, origin
        self._file = LockedFile(path, is_new)
        try:
            found = self._read()
            self._file.repair(found)
            if retry_errors:
                self._file.rewrite(record for record in records(path, self._form.is_whole) if self._is_result(record))
                found = self._read()
        except BaseException:
            self._file.close()
            raise
        self._done = Done(found.hashes)
        self._header = [self._form.header] if found.whole == 0 and self._form.header else []
        self.is_locked = self._file.is_locked

    def __contains__(self, path: str) -> bool:
        return self._form.name(path) in self._done

    def write(self, results: Sequence[Result]) -> None:
        """Append the results."""
        self._file.append(self._header + list(map(self._form.line, results)))
        self._header = []

    def close(self, stopped: bool = False) -> None:  # noqa: ARG002, each line is in the file already
        """Let others open the file."""
        self._file.close()

    def _read(self) -> Found:
        form = self._form
        self._check_header(next(records(self._path, form.is_whole), b"").decode(errors="replace"))
        return read_hashes(self._path, self._name_in, form.start, form.header, form.is_whole)

    def _check_header(self, first: str) -> None:
        """Raise EdgeCifarError, saying why, if a file has the header of an earlier version or of another `--top`."""
        header, columns = self._form.header, first.rstrip("\n").split(",")
        if self._origin and header and first.endswith("\n") and columns[:5] == header.split(",")[:5]:
            top = 1 + sum(name.startswith("label_") for name in columns)
            self._check(self._origin.difference({"top": top, **dict.fromkeys(columns)}, ["top"]))

    def _name_in(self, record: str) -> str:
        """Return the name in a record. Raises EdgeCifarError if it is of another model or of other options."""
        if self._origin:
            self._check(self._origin.difference(self._form.row_in(record)))
        return self._form.name_in(record)

    def _check(self, difference: str) -> None:
        if difference:
            raise EdgeCifarError(f"{self._path}: {difference}; go on with the same, or name another file")

    def _is_result(self, record: bytes) -> bool:
        """Return whether a record is the header or of a photo that could be classified."""
        text = record.decode(errors="surrogateescape")
        return text == f"{self._form.header}\n" or "error" not in self._form.row_in(text)


class LockedFile:
    """A file that this process alone appends to, as long as it is open."""

    def __init__(self, path: Path, is_new: bool = False):
        """Open a file, made if it isn't there; it must not be if `is_new`.

        Raises EdgeCifarError when it can't be opened, or another process holds it.
        """
        self._path = path
        with self._naming_errors():
            self._file, self.is_locked = self._open("x+" if is_new else "a+")

    def append(self, lines: Sequence[str]) -> None:
        """Append whole lines, all or none; to a new file, if this one was moved away. Raises EdgeCifarError."""
        data = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
        with self._naming_errors():
            if not self._is_there(self._file):
                self.close()
                self._file, self.is_locked = self._open("a+")
            size = self._file.seek(0, os.SEEK_END)
            try:
                write_all(self._file, data)
            except OSError:  # a full disk takes a part
                with suppress(OSError):
                    self._file.truncate(size)
                raise

    def repair(self, found: Found) -> None:
        """Cut off a last result that was written only in part, or give a whole one its line break."""
        with self._naming_errors():
            if self._file.seek(0, os.SEEK_END) != found.size:  # somebody writes without asking for the lock
                raise EdgeCifarError(f"{self._path}: grows; stop the other process, or name another file")
            if found.whole < found.size:
                self._file.truncate(found.whole)
            elif not found.is_ended:
                write_all(self._file, b"\n")

    def rewrite(self, records: Iterable[bytes]) -> None:
        """Replace the whole content, in one step."""
        path = Path(os.path.realpath(self._path))
        temporary = temporary_beside(path)
        with self._naming_errors():
            file = FileIO(temporary, "x+")
            try:
                lock(file)
                for record in records:
                    write_all(file, record)
                os.fsync(file.fileno())
                shutil.copymode(path, temporary)
                temporary.replace(path)
                flush_folder(path.parent)
            except BaseException:
                file.close()
                with suppress(OSError):
                    temporary.unlink()
                raise
            self._file.close()
            self._file = file

    def close(self) -> None:
        """Let others open it."""
        self._file.close()

    def _open(self, mode: str) -> tuple[FileIO, bool]:
        deadline = time.monotonic() + PATIENCE
        while True:
            file = FileIO(self._path, mode)
            try:
                if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):  # what is in it never ends
                    raise EdgeCifarError(f"{self._path}: a pipe, which can't be read again; name a file")
                is_locked = lock(file)
                if self._is_there(file):  # not moved away just now
                    return file, is_locked
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    file.close()
                    raise EdgeCifarError(
                        f"{self._path}: another process writes to it; wait for its end, or name another file"
                    ) from error
            except BaseException:
                file.close()
                raise
            file.close()
            time.sleep(LOOK)

    def _is_there(self, file: FileIO) -> bool:
        """Return whether a file is open and still has the name."""
        try:
            return not file.closed and os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise EdgeCifarError(f"{self._path}: exists already; name another file") from error
        except OSError as error:
            raise EdgeCifarError(f"cannot write {self._path}: {error.strerror or error}") from error


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Append whole lines to a file as `LockedFile` does, which is open no longer than that."""
    with closing(LockedFile(path)) as file:
        file.append(lines)
