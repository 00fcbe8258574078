"""Statistics in numpy: how accurate, how sure, how fast."""

__all__ = ["accuracy", "classification", "confidence", "paired_timing", "significance", "softmax"]
