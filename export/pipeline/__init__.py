"""An export from beginning to end, switched all at once."""

__all__ = ["export_files", "export_run", "foreign_data", "foreign_source", "model_file"]
