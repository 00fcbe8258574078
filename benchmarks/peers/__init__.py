"""The same nets in other runtimes, side by side."""

__all__ = ["family"]
