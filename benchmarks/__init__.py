"""Measurements: latency, memory and accuracy of model files."""

from ..edge import errors as errors  # edge before onnxruntime: it tells it to report to nobody
