"""Files that this program writes, so that none of the user's is ever lost."""

__all__ = ["atomic_write", "being_written", "file_lock", "own_mark", "write_all"]
