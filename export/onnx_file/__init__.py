"""An ONNX file that isn't trusted, opened: whole, checked, within limits, and nothing but a float graph."""

__all__ = ["open_onnx", "short_name", "skeleton"]
