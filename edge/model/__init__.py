"""A model file: checked before it is opened, opened in onnxruntime, verified by the logits in it."""

__all__ = [
    "card",
    "contract",
    "golden_logits",
    "named_models",
    "onnx_file",
    "onnx_schema",
    "onnxruntime_loader",
    "ort_session",
    "protobuf",
    "shipped_models",
    "strict_json",
]
