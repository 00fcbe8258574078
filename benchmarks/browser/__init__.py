"""The page in real browsers: whether it answers as the runtime does, how fast, and what it looks like."""

__all__ = ["chromium", "webassembly"]
