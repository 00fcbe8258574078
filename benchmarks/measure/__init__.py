"""Measuring model files: latency, memory and accuracy, and whether the measurement can be believed."""

__all__ = ["bootstrap", "conditions", "finished_command", "model_measurements", "process_memory", "startup", "validity"]
