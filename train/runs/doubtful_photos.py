"""The photos that a run's net contradicts, as its folder lists them: one JSON object a line, the worst first."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ...edge.errors import RunError
from ...edge.files.atomic_write import write_text
from ...edge.report.doubtful_photos import DOUBTS
from ...edge.stats.label_errors import Doubt


def write_doubts(folder: Path, doubts: Iterable[Doubt]) -> None:
    """Write the list into a run folder, in the place of an earlier one. Raises EdgeCifarError."""
    earlier = read_doubts(folder)  # raises, if it is anything else
    lines = "".join(json.dumps(asdict(each)) + "\n" for each in doubts)
    write_text(folder / DOUBTS, lines, replace_any=earlier is not None)


def read_doubts(folder: Path) -> list[Doubt] | None:
    """Return the list in a run folder; None if it has none. Raises RunError when it is damaged."""
    path = folder / DOUBTS
    try:
        doubts = [Doubt(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
        for each in doubts:
            if not all(isinstance(getattr(each, name), kind) for name, kind in Doubt.__annotations__.items()):
                raise ValueError("text and numbers in each other's places")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise RunError(f"{path}: not a list of doubtful photos ({error}); remove it") from error
    return doubts
