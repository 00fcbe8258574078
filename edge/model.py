"""A model file in onnxruntime: checked, opened, run."""

import json
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
EXPORT_SUMMARY = "export.json"  # what an export writes beside its files
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
        check_seal(data, onnx_file.metadata.get(SEAL_KEY, ""), self.path)
        self.card: ModelCard = read_card(onnx_file.metadata, self.path)
        import onnxruntime  # after the checks: most of a start's time is this import

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only: errors arrive as exceptions
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base class
            reason = str(error).partition("\n")[0]
            raise ModelError(
                f"{self.path}: onnxruntime {onnxruntime.__version__} can't load it ({reason}); a newer one may"
            ) from error
        self._check_contract()

    def logits(self, pixels: Pixels) -> Logits:
        """Return float32 logits (N, classes) of uint8 pixels (N, size, size, 4), channels RGBX."""
        logits: Logits = self._session.run([OUTPUT], {INPUT: pixels})[0]
        return logits

    def _check_contract(self) -> None:
        size, classes = self.card.size, len(self.card.labels)
        expected = [(INPUT, "tensor(uint8)", ["N", size, size, 4]), (OUTPUT, "tensor(float)", ["N", classes])]
        tensors = (*self._session.get_inputs(), *self._session.get_outputs())
        if [(tensor.name, tensor.type, tensor.shape) for tensor in tensors] != expected:
            raise ModelError(
                f"{self.path}: expected input {INPUT!r}, uint8 (N, {size}, {size}, 4), "
                f"and output {OUTPUT!r}, float32 (N, {classes})"
            )


def usable_cores() -> int:
    """Return the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_model(runs: Path = Path("runs")) -> Path:
    """Return the default file of the newest export under `runs`, else the model that is shipped.

    An export's default is int8, unless fp32 was as fast where it was made. Raises ModelError if its summary is damaged.
    """
    summaries = sorted(runs.glob(f"*/{EXPORT_SUMMARY}"), key=os.path.getmtime)
    if not summaries:
        return SHIPPED_DEFAULT
    newest = summaries[-1]
    try:
        return newest.with_name(json.loads(newest.read_bytes())["default"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{newest}: damaged; export the run again, or name a model with --model") from error
