"""Results on disk: rows, files of them that a killed run goes on with, and pictures drawn of photos."""

__all__ = [
    "annotated_photo",
    "heat_map",
    "line_file",
    "parquet_file",
    "picture_file",
    "resume_index",
    "rows",
    "text_line",
]
