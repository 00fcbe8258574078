"""Measuring model files: latency, memory and accuracy, and whether the measurement can be believed."""

__all__ = ["bootstrap", "conditions", "model_measurements", "process_memory", "startup", "validity"]
