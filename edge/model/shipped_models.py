"""The models in the package, and which file a command means by a name, or by none."""

import json
import os
from pathlib import Path

from ..errors import ModelError

SHIPPED = Path(__file__).parents[1] / "models"
FAMILY = ("nano", "small", "batchnorm", "large")  # from the fastest to the slowest
SHIPPED_DEFAULT = SHIPPED / "batchnorm.int8.onnx"
SHIPPED_FP32 = SHIPPED / "batchnorm.fp32.onnx"
EXPORT_SUMMARY = "export.json"  # what an export writes beside its files

MODEL_HELP = f"Model file, or one of the package: {', '.join(FAMILY)}."
MODELS_HELP = f"Model files, or of the package: {', '.join(FAMILY)}."
DEFAULT_HELP = f"{MODEL_HELP}  [default: newest export under runs/, else batchnorm]"


def model_file(name: str | os.PathLike[str]) -> Path:
    """Return the int8 file in the package that is called so, else `name` as a path. Of a file called nano: ./nano."""
    return SHIPPED / f"{name}.int8.onnx" if name in FAMILY else Path(name)


def default_model(runs: Path = Path("runs")) -> Path:
    """Return what the command line runs without a name: the newest export under `runs`, else the model shipped.

    An export's default is int8, unless fp32 was as fast where it was made. Raises ModelError if its summary is damaged.
    """
    summaries = sorted(runs.glob(f"*/{EXPORT_SUMMARY}"), key=_changed)
    if not summaries:
        return SHIPPED_DEFAULT
    newest = summaries[-1]
    try:
        return newest.with_name(json.loads(newest.read_bytes())["default"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{newest}: damaged; export the run again, or name a model with --model") from error


def _changed(path: Path) -> float:
    """Return when a file was changed last, 0 if it went away in the meantime."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
