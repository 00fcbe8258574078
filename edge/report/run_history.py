"""The history of a run: one row of figures an epoch, in a file of JSON lines in its folder."""

import json
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the `metrics.jsonl` in `folder`; a last line that was cut off is left out."""
    lines = (folder / METRICS).read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]
