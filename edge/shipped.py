"""The models in the package, and which file a command means by a name."""

import os
from pathlib import Path

SHIPPED = Path(__file__).parent / "models"
FAMILY = ("nano", "small", "batchnorm", "large")  # from the fastest to the slowest
SHIPPED_DEFAULT = SHIPPED / "batchnorm.int8.onnx"
SHIPPED_FP32 = SHIPPED / "batchnorm.fp32.onnx"

MODEL_HELP = f"Model file, or one of the package: {', '.join(FAMILY)}."
MODELS_HELP = f"Model files, or of the package: {', '.join(FAMILY)}."
DEFAULT_HELP = f"{MODEL_HELP}  [default: newest export under runs/, else batchnorm]"


def model_file(name: str | os.PathLike[str]) -> Path:
    """Return the int8 file in the package that is called so, else `name` as a path. Of a file called nano: ./nano."""
    return SHIPPED / f"{name}.int8.onnx" if name in FAMILY else Path(name)
