"""The images that a training reads: loaded, looked over, kept apart from what its ancestors saw."""

__all__ = ["ancestry", "data_scan", "load_splits", "photo_files", "run_data"]
