"""A run as it takes part in a comparison: what its files tell, whatever version wrote them and how far it has come."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...edge.errors import RunError
from ...edge.report.run_history import read_history
from ...edge.stats.significance import wilson_interval
from .run_folder import CONFIG, RESULT


@dataclass(frozen=True)
class Contender:
    """The figures of a run; accuracies are 0 to 1, None where they are not known yet."""

    run: str
    finished: bool
    net: str
    parameters: int | None
    data: str
    best_epoch: int | None
    val_accuracy: float | None
    test_accuracy: float | None
    test_interval: tuple[float, float] | None  # 95 %
    test_images: int | None
    epochs: int  # so far
    epochs_planned: int
    seconds: float


@dataclass(frozen=True)
class Entry:
    """A contender with its rows of `metrics.jsonl` and all settings that may explain a difference, by name."""

    contender: Contender
    history: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any]


def read_entry(folder: Path, name: str) -> Entry:
    """Read a run's files. Raises RunError when the folder holds no run or a damaged one."""
    try:
        config = json.loads((folder / CONFIG).read_bytes())
        history = read_history(folder)
        result = json.loads((folder / RESULT).read_bytes()) if (folder / RESULT).exists() else {}
        return Entry(_contender(name, config, history, result), history, _settings(config))
    except OSError as error:
        missing = Path(error.filename or folder).name
        raise RunError(f"{folder}: no run here ({missing}: {error.strerror})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError(f"{folder}: damaged, or a run of another version ({error!r})") from error


def _contender(
    name: str, config: Mapping[str, Any], history: Sequence[Mapping[str, Any]], result: Mapping[str, Any]
) -> Contender:
    best = max(history, key=lambda row: row["val_accuracy"], default=None)
    accuracy, n = result.get("test_accuracy"), result.get("test_images")
    return Contender(
        run=name,
        finished=bool(result),
        net=str(config["recipe"]["net"]),
        parameters=result.get("parameters"),
        data=str(config["data"]["name"]),
        best_epoch=result.get("best_epoch", best["epoch"] if best else None),
        val_accuracy=result.get("val_accuracy", best["val_accuracy"] if best else None),
        test_accuracy=accuracy,
        test_interval=wilson_interval(round(accuracy * n), n) if accuracy is not None and n else None,
        test_images=n,
        epochs=len(history),
        epochs_planned=config["recipe"]["epochs"],
        seconds=round(sum(row["seconds"] for row in history), 1),
    )


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return recipe, data and versions; images by their number and the start of their hash."""
    images = {
        f"{split} images": f"{described['n']:,} ({described['sha256'][:8]})"
        for split, described in config["data"]["splits"].items()
    }
    return {**config["recipe"], **images, "classes": len(config["data"]["labels"]), **config["versions"]}
