"""What exported files are worth, measured by running them, and told to people and programs."""

__all__ = [
    "export_json",
    "flipped_images",
    "html_report",
    "int8_speedup",
    "measured_accuracy",
    "older_onnxruntime",
    "photo_time",
    "plain_path",
    "text_tables",
]
