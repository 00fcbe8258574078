"""Where the time goes inside of onnxruntime and of the training loop."""

__all__ = ["session_settings", "step_rate"]
