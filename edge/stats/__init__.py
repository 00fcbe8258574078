"""Statistics in numpy: how accurate, how sure, how fast."""

__all__ = ["accuracy", "classification", "confidence", "label_errors", "paired_timing", "significance", "softmax"]
