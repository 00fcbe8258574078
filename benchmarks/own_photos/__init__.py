"""From a folder of somebody's photos to an int8 file: how accurate, how long, how large, on which CPUs."""

__all__ = ["report"]
