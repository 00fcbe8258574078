"""Results as a Parquet file, with pyarrow: for tables of millions of photos."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from ..errors import EdgeCifarError
from ..files.atomic_write import TEMPORARY, flush_folder, take_name, temporary_beside
from ..files.file_lock import lock
from ..inference.prediction import Result
from .rows import Origin, row

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise EdgeCifarError(f"{error}; run: pip install 'edge-cifar[parquet]'") from error

GROUP = 10_000  # rows written together
MAGIC = b"PAR1"  # at a table's start, and at its end once it is whole
RANKED = pa.struct([("label", pa.string()), ("probability", pa.float64())])
SCHEMA = pa.schema(
    [
        *((name, pa.float64() if name == "confidence" else pa.string()) for name in ("path", "label", "confidence")),
        *(("guess", pa.string()), ("error", pa.string()), ("abstained", pa.bool_()), ("top", pa.list_(RANKED))),
        *(("model", pa.string()), ("model_sha256", pa.string()), ("threshold", pa.float64()), ("tta", pa.bool_())),
    ]
)


class ParquetFile:
    """A table with the columns of `SCHEMA`; there only once it is whole, since the format has its index at the end."""

    def __init__(self, path: Path, resume: bool, origin: Origin | None, say: Callable[[str], None]):
        """Begin the file under a temporary name; `say` is told what the user should know. Raises EdgeCifarError."""
        if resume:
            raise EdgeCifarError(
                f"{path}: a Parquet file can't be continued; name another file, or write .jsonl, which can"
            )
        self._path, self._origin, self._say = path, origin, say
        self._temporary = temporary_beside(path)
        self._rows: list[dict[str, object]] = []
        self._written = 0  # rows
        self._failed = False
        with self._naming_errors():
            _remove_cut_tables(path.parent, say)
            self._file = self._temporary.open("xb")
            lock(self._file)  # so that nobody takes it for a killed run's
            self._writer = pq.ParquetWriter(self._file, SCHEMA)
            self._file.flush()

    def __contains__(self, path: str) -> bool:
        return False

    def write(self, results: Sequence[Result]) -> None:
        """Keep the results until there are `GROUP`, and write them then."""
        self._rows += (row(result, self._origin) for result in results)
        if len(self._rows) >= GROUP:
            self._flush()

    def close(self, stopped: bool = False) -> None:
        """Write the rest and give the file its name; if `stopped`, one that says that it is partial.

        Raises EdgeCifarError when that fails, or another file has the name by now: results are then left beside it.
        """
        if self._failed:
            return
        if self._rows:
            self._flush()
        with self._naming_errors():
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()  # some systems name no open files
            if stopped and not self._written:
                self._temporary.unlink()
                return
            if not stopped:
                with suppress(FileExistsError):
                    self._name(self._path)
                    return
            partial = self._name_partial()
        if not stopped:
            raise EdgeCifarError(f"{self._path}: another process has made it by now; the results are in {partial}")
        self._say(
            f"{self._path} is not written; {partial} holds the {self._written:,} results until the stop. "
            "Parquet can't be continued: start anew, or write .jsonl and go on with --resume"
        )

    def _name_partial(self) -> Path:
        names = chain([f"{self._path.name}.partial"], (f"{self._path.name}.partial-{n}" for n in count(2)))
        for path in map(self._path.with_name, names):
            with suppress(FileExistsError):
                self._name(path)
                return path
        raise AssertionError

    def _name(self, path: Path) -> None:
        take_name(self._temporary, path)
        flush_folder(path.parent)

    def _flush(self) -> None:
        with self._naming_errors():
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._written += len(self._rows)
        self._rows = []

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failed = True
            with suppress(AttributeError):  # there may be none yet
                self._writer.is_open = False  # else it would write an end when it is deleted
            with suppress(AttributeError, OSError):
                self._file.close()
            with suppress(OSError):
                self._temporary.unlink(missing_ok=True)
            raise EdgeCifarError(
                f"cannot write {self._path}: {error.strerror or error}; nothing of it is left"
            ) from error


def _remove_cut_tables(folder: Path, say: Callable[[str], None]) -> None:
    """Remove the tables that killed runs left in `folder` under temporary names: nothing can read one without its end.

    Those of runs that go on are locked.
    """
    for path in folder.iterdir():
        if TEMPORARY.fullmatch(path.name):
            with suppress(OSError), path.open("rb") as file:
                if lock(file) and _is_cut(file):
                    path.unlink()
                    say(f"{path}: removed, a table that a killed run left without its end")


def _is_cut(file: BinaryIO) -> bool:
    start = file.read(len(MAGIC))
    file.seek(-len(start), os.SEEK_END)
    return start == MAGIC and (file.tell() == 0 or file.read() != MAGIC)
