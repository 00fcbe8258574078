"""The control: an int8 file made the usual way, weights over the full range, which CPUs disagree about.

A comparison that finds no difference proves something only if it finds the one that is known to be there.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from ...edge.model.card import read_card
from ...edge.model.contract import INPUT
from ...edge.model.onnx_file import read_onnx
from ...edge.photos.contract import Pixels
from ...export.pipeline.model_file import write_model

BATCH = 16  # images


def write_full_range(fp32: Path, pixels: Pixels, path: Path) -> None:
    """Quantize an fp32 file of ours over the full range of int8, calibrated on `pixels`, to `path`.

    `pixels` is uint8 (N, H, W, 4) of the model's size. Raises ModelError when `fp32` is no model of ours.
    """
    data, onnx_file = read_onnx(fp32)
    card = replace(read_card(onnx_file.metadata, fp32), precision="int8")
    model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(data))
    add_pre_process_metadata(model)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            target,
            _Batches(pixels),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=False,
        )
        quantized = onnx.load(target)
    quantized.ir_version = model.ir_version
    write_model(path, quantized, card)


class _Batches(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Feeds pixels to onnxruntime's calibrator, as many at a time as memory is sure to hold."""

    def __init__(self, pixels: Pixels):
        self._feeds = iter([{INPUT: pixels[start : start + BATCH]} for start in range(0, len(pixels), BATCH)])

    def get_next(self) -> Mapping[str, np.ndarray] | None:
        """Return the next batch, None behind the last."""
        return next(self._feeds, None)
