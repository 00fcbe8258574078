"""The history of a run: one row of figures an epoch, in a file of JSON lines in its folder."""

import json
from pathlib import Path
from typing import Any

from ..errors import RunError

METRICS = "metrics.jsonl"


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the `metrics.jsonl` in `folder`; a last line that was cut off is left out.

    Raises OSError when it can't be opened, RunError when other lines are damaged.
    """
    try:
        lines = (folder / METRICS).read_text(encoding="utf-8").splitlines(keepends=True)
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
    except (ValueError, RecursionError) as error:
        raise RunError(f"{folder / METRICS}: damaged ({error})") from error
    if not all(isinstance(row, dict) for row in rows):
        raise RunError(f"{folder / METRICS}: damaged (a line without named figures)")
    return rows
