"""The images that a training reads: loaded, looked over, kept apart from what its ancestors saw."""
