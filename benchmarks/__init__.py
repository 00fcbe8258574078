"""Measurements: latency, memory and accuracy of model files."""
