"""From float to int8: ranges, rounding, repairs, and the search within an accuracy budget."""

__all__ = ["accuracy_ladder", "calibration", "fine_tune", "quantize", "variants"]
