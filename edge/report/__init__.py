"""Pages that report on models: one HTML file that needs nothing else, its charts drawn as SVG.

Devices have no matplotlib; training does, and draws the PNGs of a run's `report.md` with it (`train/report`).
"""

__all__ = [
    "answers",
    "class_table",
    "confused_photos",
    "document",
    "doubtful_photos",
    "markup",
    "model_names",
    "page_style",
    "phrases",
    "run_history",
    "svg_file",
]
