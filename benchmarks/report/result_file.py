"""The JSON files that `edge-cifar benchmark --json` prints."""

import json
from pathlib import Path
from typing import Any

from ...edge.errors import EdgeCifarError

SCHEMA = 2  # of schema.json; raised when a key changes its meaning or goes away


def read_result(path: Path) -> dict[str, Any]:
    """Return what a benchmark printed. Raises EdgeCifarError when the file is something else, or of another schema."""
    try:
        result = json.loads(path.read_bytes())
        schema = result["schema"]
    except OSError as error:
        raise EdgeCifarError(f"{path}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise EdgeCifarError(f"{path}: not what `edge-cifar benchmark --json` prints") from error
    if schema != SCHEMA:
        cure = "update edge-cifar" if type(schema) is int and schema > SCHEMA else "run the benchmark again"
        raise EdgeCifarError(f"{path}: schema {schema!r}, but this program reads {SCHEMA}; {cure}")
    if not all(isinstance(result.get(part, {}), dict) for part in ("machine", "settings")):
        raise EdgeCifarError(f"{path}: damaged; run the benchmark again")
    return dict(result)
