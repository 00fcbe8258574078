"""Hostile photos and model files, long runs, forks: nothing crashes, leaks or hangs."""

__all__ = ["hostile_files"]
