"""Measuring model files: latency, memory and accuracy, and whether the measurement can be believed."""
