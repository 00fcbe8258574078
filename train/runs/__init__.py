"""Run folders: what training leaves, and what starts from it."""

__all__ = [
    "checkpoint",
    "doubtful_photos",
    "fetch",
    "final_result",
    "imagenet_weights",
    "initial_weights",
    "resume_options",
    "run_folder",
    "run_summary",
]
