"""A model file in onnxruntime: checked, opened, run."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import ModelError
from .model_card import ModelCard, read_card
from .onnx_file import SEAL_KEY, check_seal, read_onnx
from .photo import Pixels

Logits = npt.NDArray[np.float32]

INPUT, OUTPUT = "image", "logits"
SHIPPED = Path(__file__).parent / "models"
SHIPPED_DEFAULT = SHIPPED / "batchnorm.int8.onnx"


class Model:
    """A model by the model contract: uint8 (N, size, size, 4) RGBX in, float32 logits (N, classes) out."""

    def __init__(self, path: str | os.PathLike[str], threads: int | None = None):
        """Check and open the file; `threads` defaults to the cores this process may use.

        Raises ModelError when the file is missing, damaged, not by the contract, or refused by onnxruntime.
        """
        self.path = Path(path)
        data, onnx_file = read_onnx(self.path)
        self.card: ModelCard = read_card(onnx_file.metadata, self.path)
        check_seal(data, onnx_file.metadata.get(SEAL_KEY, ""), self.path)
        import onnxruntime  # after the checks: most of a start's time is this import

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only: errors arrive as exceptions
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base class
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"{self.path}: onnxruntime {onnxruntime.__version__} can't load it ({reason}); a newer one may"
            ) from error
        inputs = [(tensor.name, tensor.type) for tensor in self._session.get_inputs()]
        outputs = [(tensor.name, tensor.type) for tensor in self._session.get_outputs()]
        if inputs != [(INPUT, "tensor(uint8)")] or (OUTPUT, "tensor(float)") not in outputs:
            raise ModelError(f"{self.path}: expected input {INPUT!r} (uint8) and output {OUTPUT!r} (float)")

    def logits(self, pixels: Pixels) -> Logits:
        """Return float32 logits (N, classes) of uint8 pixels (N, size, size, 4), channels RGBX."""
        logits: Logits = self._session.run([OUTPUT], {INPUT: pixels})[0]
        return logits


def usable_cores() -> int:
    """Return the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_model(runs: Path = Path("runs")) -> Path:
    """Return the newest export under `runs`, int8 if there is one beside it, else the model that is shipped."""
    exports = sorted(runs.glob("*/model.fp32.onnx"), key=os.path.getmtime)
    if not exports:
        return SHIPPED_DEFAULT
    int8 = exports[-1].with_name("model.int8.onnx")
    return int8 if int8.exists() else exports[-1]
