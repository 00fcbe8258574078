"""The results of a part, as one file in memory: Parquet, or JSON lines."""

import io
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ..results.parquet_file import SCHEMA
from ..results.rows import Row

PARQUET, JSON_LINES = ".parquet", ".jsonl"
PART_SCHEMA = SCHEMA.append(pa.field("bytes", pa.int64()))


def encoded(rows: Sequence[Row], form: str) -> bytes:
    """Return rows, which may lack columns, as a file of the form `PARQUET` or `JSON_LINES`."""
    if form == JSON_LINES:
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=PART_SCHEMA), content, compression="zstd")
    return content.getvalue()
