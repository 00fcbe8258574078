"""The exporter: a trained run to ONNX, fp32 and int8, with proof that they agree."""

from ..edge import errors as errors  # edge before onnxruntime: it tells it to report to nobody
