"""Results as a Parquet file, with pyarrow: for tables of millions of photos."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EdgeCifarError
from .results import COLUMNS, Results, columns

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise EdgeCifarError(f"{error}; run: pip install 'edge-cifar[parquet]'") from error

GROUP = 10_000  # rows written together
SCHEMA = pa.schema([(name, pa.float64() if name == "confidence" else pa.string()) for name in COLUMNS])


class ParquetFile:
    """A table with `COLUMNS`; there only once it is closed, since the format has its index at the end."""

    def __init__(self, path: Path, resume: bool):
        """Begin the file under a temporary name. Raises EdgeCifarError."""
        if resume:
            raise EdgeCifarError(
                f"{path}: a Parquet file can't be continued; write .jsonl, and convert that in the end"
            )
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        self._rows: list[list[object]] = []
        self._failed = False
        with self._naming_errors():
            self._writer = pq.ParquetWriter(self._temporary, SCHEMA)

    def __contains__(self, path: str) -> bool:
        return False

    def write(self, results: Results) -> None:
        """Keep the results until there are `GROUP`, and write them then."""
        self._rows += (columns(path, result) for path, result in results)
        if len(self._rows) >= GROUP:
            self._flush()

    def close(self) -> None:
        """Write the rest and give the file its name, unless it could not be written before."""
        if self._failed:
            return
        if self._rows:
            self._flush()
        with self._naming_errors():
            self._writer.close()
            self._temporary.replace(self._path)

    def _flush(self) -> None:
        values = zip(*self._rows, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(values, SCHEMA, strict=True)]
        with self._naming_errors():
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self._rows = []

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failed = True
            self._temporary.unlink(missing_ok=True)
            raise EdgeCifarError(f"cannot write {self._path}: {error.strerror or error}") from error
