"""Nets as ONNX graphs: written, read, run while they are in memory."""
