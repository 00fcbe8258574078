"""Somebody else's ONNX file: checked, and with what it wants of photos, from what it says and what its owner says."""

__all__ = ["foreign_net", "labels", "pixel_rule", "read_foreign", "told"]
